using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>An API host that is a client of silos: it waits for the first, and says when it has lost the last.</summary>
public class ClientProcessTests
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Client_StartedBeforeItsSilosAndLosingThem_WaitsDegradesAndRecovers()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var settings = new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:Topology"] = "Client",
            ["Gatehouse:Admin:Port"] = $"{Ports.Free()}",
            ["Gatehouse:Admin:Dashboard"] = "true",
        };
        var starting = GatehouseProcess.StartAsync(folder.Path, settings);
        await using var silo = await GatehouseProcess.StartSiloAsync(folder.Path, settings);
        await using var host = await starting;
        Assert.Equal(201, (await host.PutTenantAsync("acme")).Status);
        Assert.Equal("Healthy", await host.Client.GetStringAsync("/health/ready"));
        await ExpectOperatorsAsync(host, settings["Gatehouse:Admin:Port"]);

        Assert.Equal(0, await silo.StopAsync());
        await ExpectAsync(host, "Degraded");
        var refused = await host.CheckAsync("acme", "default", "a");
        Assert.Equal((429, "service_overloaded"), (refused.Status, refused.Body.GetProperty("code").GetString()));

        await using var next = await GatehouseProcess.StartSiloAsync(folder.Path, settings);
        await ExpectAsync(host, "Healthy");
        Assert.Equal(200, (await host.CheckAsync("acme", "default", "a")).Status);
        // It was started in a folder without settings: the defaults are its own.
        Assert.DoesNotContain("info: Microsoft", host.Output, StringComparison.Ordinal);
    }

    /// <summary>Their listener knows what a client depends on, and shows what its silos collect.</summary>
    private static async Task ExpectOperatorsAsync(GatehouseProcess host, string port)
    {
        var (status, dependencies) = await host.SendAsync(HttpMethod.Get, $"http://127.0.0.1:{port}/health/dependencies");
        Assert.Equal((200, "Healthy"), (status, dependencies.GetProperty("status").GetString()));
        Assert.Equal(
            ["changes", "clock", "gateways", "membership", "persistence", "redis"],
            dependencies.GetProperty("entries").EnumerateObject().Select(entry => entry.Name).Order());
        // A silo that has just started is counted in a moment.
        await Eventually.HoldsAsync(async () => await CountedSilosAsync(host, port) == 1, SeenWithin);
    }

    private static async Task<int> CountedSilosAsync(GatehouseProcess host, string port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/dashboard/DashboardCounters");
        return (await host.SendWithPasswordAsync(request)).GetProperty("totalActiveHostCount").GetInt32();
    }

    private static Task ExpectAsync(GatehouseProcess host, string health) => Eventually.HoldsAsync(
        async () => await host.Client.GetStringAsync("/health/ready") == health, SeenWithin);
}
