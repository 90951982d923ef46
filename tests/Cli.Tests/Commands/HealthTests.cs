using Gatehouse.Cli.Tests.Fixtures;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary><c>gatehouse health</c>.</summary>
public class HealthTests(CommandHost host)
{
    private const string Dependencies = """
        {"status":"STATUS","totalDuration":"00:00:00.0042","entries":{
         "redis":{"status":"Healthy","duration":"00:00:00.0012","description":"PONG","data":{},"tags":["ready"]},
         "archive":{"status":"STATUS","duration":"00:00:00.0030","description":null,"data":{},"tags":[]}}}
        """;

    [Fact]
    public async Task Host_ThatIsReady_IsSaidSo()
    {
        var run = await host.RunAsync(["health"]);

        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.StartsWith("ready  Healthy\n", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Healthy", 200, "Healthy", 200, 0)]
    [InlineData("Degraded", 200, "Degraded", 200, 1)]
    [InlineData("Unhealthy", 503, "Unhealthy", 503, 1)]
    [InlineData("Healthy", 200, "Unhealthy", 503, 1)]
    public async Task Dependencies_AreATable(string ready, int readyStatus, string all, int status, int code)
    {
        await using var server = await FakeServer.StartAsync(
            ("/health/ready", readyStatus, ready),
            ("/health/dependencies", status, Dependencies.Replace("STATUS", all, StringComparison.Ordinal)));

        var text = await server.RunAsync(["health"]);
        var json = await server.RunAsync(["health", "--json"]);

        Assert.Equal((code, code), (text.Code, json.Code));
        Assert.Matches($@"^ready  {ready}\n\nDEPENDENCY\s+STATUS\s+TOOK\s+DESCRIPTION\n", text.Output);
        Assert.Matches(@"redis\s+Healthy\s+00:00:00.0012\s+PONG\n", text.Output);
        Assert.Matches($@"archive\s+{all}\s+00:00:00.0030\s+-\n", text.Output);
        Assert.Equal(ready, json.Json.GetProperty("ready").GetString());
        Assert.Equal(all, json.Json.GetProperty("dependencies").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(404, "an older version, or the admin listener has it")]
    [InlineData(401, "set GATEHOUSE_KEY or --key-file to the admin key")]
    [InlineData(403, "set GATEHOUSE_KEY or --key-file to the admin key")]
    [InlineData(502, "answered 502")]
    public async Task Server_WithoutTheDetail_IsStillJudged(int status, string note)
    {
        await using var server = await FakeServer.StartAsync(
            ("/health/ready", 200, "Healthy"), ("/health/dependencies", status, "{}"));

        var run = await server.RunAsync(["health"]);

        Assert.Equal(0, run.Code);
        Assert.Contains(note, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsSomethingElse_IsNotJudged()
    {
        await using var server = await FakeServer.StartAsync(("/health/ready", 200, "<html>welcome</html>"));

        var run = await server.RunAsync(["health"]);

        Assert.Equal(2, run.Code);
        Assert.Contains("not as Gatehouse does: is the address right?", run.Errors, StringComparison.Ordinal);
    }
}
