namespace Gatehouse.Deploy.Tests.Compose;

/// <summary>The stack for one machine fits the code, the images and the files beside it.</summary>
public class ComposeTests
{
    private static readonly string Shipped = Read("compose.yaml");

    [Fact]
    public void Stack_FitsTheCodeAndItself() => Assert.Empty(Faults(Shipped));

    [Fact]
    public void Stack_HasThreeSilosAndTwoHosts()
    {
        var targets = ComposeChecks.ProductServices(Yaml.Parse(Shipped)).CountBy(service => service.Value["build/target"].Text);

        Assert.Equal(new Dictionary<string, int> { ["silo"] = 3, ["api"] = 2 }, targets.ToDictionary());
        Assert.Contains(".env", Repository.Read(".gitignore").Split('\n'));
    }

    [Fact]
    public async Task Stack_IsTakenByCompose()
    {
        using var folder = new ComposeFolder();
        var result = await folder.RunAsync("config");

        Assert.True(result.ExitCode == 0, result.All);
        var resolved = Yaml.Parse(result.Output);
        Assert.Equal(
            Yaml.Parse(Shipped)["services"].Entries.Select(service => service.Name).Order(),
            resolved["services"].Entries.Select(service => service.Name).Order());
        Assert.StartsWith(
            "172.28.0.40:6379,user=gatehouse-data,password=a",
            resolved["services/silo-1/environment/Gatehouse__Redis__ConnectionString"].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_ThatIsMissing_StopsTheStart()
    {
        using var folder = new ComposeFolder(without: "GATEHOUSE_KEK");
        var result = await folder.RunAsync("config");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("GATEHOUSE_KEK", result.Errors, StringComparison.Ordinal);
    }

    /// <summary>What is wrong is found.</summary>
    [Theory]
    [InlineData("Gatehouse__Silo__HealthAddress", "Gatehouse__Silo__HealthAdress", "is no setting")]
    [InlineData("AdvertisedAddress: 172.28.0.12", "AdvertisedAddress: 172.28.0.13", "tells others")]
    [InlineData("{ipv4_address: 172.28.0.22}", "{ipv4_address: 172.28.0.21}", "no address of its own")]
    [InlineData("{ipv4_address: 172.28.0.30}", "{ipv4_address: 172.28.0.31}", "does not lead to")]
    [InlineData("{ipv4_address: 172.28.0.22}", "{ipv4_address: 172.28.0.23}", "nginx sends to")]
    [InlineData("127.0.0.1:9090:9090", "9090:9090", "open to the network")]
    [InlineData("../redis/redis.conf:", "../redis/server.conf:", "not there")]
    [InlineData("redis.conf:ro", "redis.conf", "could write")]
    [InlineData("stop_grace_period: 75s", "stop_grace_period: 60s", "killed after")]
    [InlineData("8081/health/ready", "8081/health/good", "what is not there")]
    [InlineData("redis:7.2.7-bookworm", "redis:latest", "not pinned")]
    [InlineData("${GRAFANA_PASSWORD:?set it in .env}", "${GRAFANA_PASSWORD}", "may be empty")]
    [InlineData("${GRAFANA_PASSWORD:?", "${GRAFANA_SECRET:?", "names other variables")]
    [InlineData("mem_limit: 128m", "mem_reservation: 128m", "no memory limit")]
    public void Fault_IsFound(string shipped, string instead, string fault)
    {
        Assert.Contains(shipped, Shipped, StringComparison.Ordinal);

        Assert.Contains(
            Faults(Shipped.Replace(shipped, instead, StringComparison.Ordinal)),
            found => found.Contains(fault, StringComparison.Ordinal));
    }

    private static string Read(string file) => Repository.Read("deploy", "compose", file);

    private static List<string> Faults(string compose) =>
        [.. ComposeChecks.Faults(Yaml.Parse(compose), Read("nginx.conf"), Read(".env.example"))];
}
