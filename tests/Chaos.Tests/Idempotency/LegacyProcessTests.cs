using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>The setting in real processes: it is read, checked, and what it finds is counted by its own metric.</summary>
public class LegacyProcessTests
{
    private const string Setting = "Gatehouse:Idempotency:LegacyLayout";
    private const string Order = """{"endpoint":"POST /orders","path":"/orders","key":"k1"}""";

    private const string Completion =
        """{"endpoint":"POST /orders","key":"k1","epoch":1,"response":{"status":201,"body":"AAEC"}}""";

    [Fact]
    public async Task WayBack_IsFollowedByTheWayForward_AndTheMetricSaysWhenItIsDone()
    {
        using var folder = new TempFolder();
        await using var old = await StartAsync(folder, "WriteOld");
        Assert.Equal(201, (await old.PutTenantAsync("acme")).Status);
        Assert.Equal("started", State(await PostAsync(old, "begin", Order)));
        Assert.Equal("completed", State(await PostAsync(old, "complete", Completion)));
        Assert.Equal(0, await old.StopAsync());

        await using var both = await StartAsync(folder, "ReadBoth");
        Assert.Equal("started", State(await PostAsync(both, "begin", Order.Replace("k1", "k2"))));
        var answer = await PostAsync(both, "begin", Order);
        Assert.Equal(("completed", "AAEC"), (State(answer), answer.GetProperty("response").GetProperty("body").GetString()));
        await PostAsync(both, "begin", Order);
        // Asked for once: the exporter repeats its last answer to whoever asks again within a moment.
        Assert.Equal(1, await HitsAsync(both));
        Assert.Equal(0, await both.StopAsync());

        await using var off = await StartAsync(folder, "Off");
        Assert.Equal("completed", State(await PostAsync(off, "begin", Order)));
        Assert.Equal(0, await HitsAsync(off));
    }

    [Theory]
    [InlineData("Both")]
    [InlineData("3")]
    public async Task Setting_ThatIsNone_IsRefusedByItsName(string value)
    {
        using var folder = new TempFolder();

        var (exitCode, output) = await GatehouseProcess.RunToEndAsync(
            folder.Path, new Dictionary<string, string> { [Setting] = value });

        Assert.NotEqual(0, exitCode);
        Assert.Contains(Setting, output, StringComparison.Ordinal);
    }

    private static Task<GatehouseProcess> StartAsync(TempFolder folder, string layout) =>
        GatehouseProcess.StartAsync(folder.Path, new Dictionary<string, string> { [Setting] = layout });

    private static async Task<JsonElement> PostAsync(GatehouseProcess host, string call, string body)
    {
        var (status, answer) = await host.SendAsync(HttpMethod.Post, $"/v1/tenants/acme/idempotency/{call}", body);
        Assert.Equal(200, status);
        return answer;
    }

    private static string? State(JsonElement answer) => answer.GetProperty("state").GetString();

    private static async Task<double> HitsAsync(GatehouseProcess host)
    {
        var metrics = await host.Client.GetStringAsync("/metrics");
        var line = Assert.Single(
            metrics.Split('\n'), line => line.StartsWith("idempotency_legacy_hits_total", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
