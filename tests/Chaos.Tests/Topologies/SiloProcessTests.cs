using System.Net;
using System.Net.Sockets;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>The silo's own process: it says when it is ready, answers probes, ends in order.</summary>
public class SiloProcessTests(ITestOutputHelper log)
{
    [Fact]
    public async Task Silo_Started_SaysSoAnswersProbesAndEndsWell()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        await using var silo = await GatehouseProcess.StartSiloAsync(folder.Path, new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:Region"] = "eu-west-1",
        });
        log.WriteLine($"ready after {silo.StartedIn.TotalSeconds:0.00} s");

        Assert.Contains("Gatehouse silo is ready. region eu-west-1, silo 127.0.0.1:", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("info: Orleans", silo.Output, StringComparison.Ordinal);
        foreach (var probe in new[] { "live", "ready", "startup" })
        {
            Assert.Equal("Healthy", await silo.Client.GetStringAsync($"/health/{probe}"));
        }

        var metrics = await silo.Client.GetStringAsync("/metrics");
        Assert.Contains("gatehouse_region_age_seconds", metrics, StringComparison.Ordinal);
        Assert.Equal(0, await silo.StopAsync());
    }

    [Theory]
    [InlineData("Gatehouse:Silo:HealthPort", "-1")]
    [InlineData("Gatehouse:Silo:HealthPort", "a-word")]
    [InlineData("Gatehouse:Silo:HealthAddress", "a-name")]
    [InlineData("Gatehouse:Redis:ConnectionString", "")]
    [InlineData("Gatehouse:RateLimiting:LoadTimeout", "01:00:00")]
    public async Task Silo_WithAWrongSetting_EndsAndNamesItWithoutAStack(string setting, string value)
    {
        using var folder = new TempFolder();
        var settings = new Dictionary<string, string> { ["Gatehouse:Redis:ConnectionString"] = "127.0.0.1:1" };
        settings[setting] = value;

        var (exitCode, output) = await GatehouseProcess.RunSiloToEndAsync(folder.Path, settings);

        Assert.Equal(1, exitCode);
        Assert.Contains("Gatehouse silo did not start: ", output, StringComparison.Ordinal);
        Assert.Contains(setting, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhoseHealthPortIsTaken_EndsBeforeItJoinsAndNamesTheSetting()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var (exitCode, output) = await GatehouseProcess.RunSiloToEndAsync(
            folder.Path, new Dictionary<string, string>(redis.Settings) { ["Gatehouse:Silo:HealthPort"] = $"{port}" });

        Assert.Equal(1, exitCode);
        Assert.Contains($"Gatehouse:Silo:HealthPort: port {port} of 127.0.0.1 is taken", output, StringComparison.Ordinal);
        await using var admin = await redis.ConnectAsync();
        Assert.False(await admin.GetDatabase().KeyExistsAsync("gatehouse/members/local"));
    }
}
