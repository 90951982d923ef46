using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.EmbeddedStore;

/// <summary>One process that needs nothing outside: it starts, stops, crashes, and finds its data.</summary>
public class EmbeddedProcessTests(ITestOutputHelper log)
{
    [Theory]
    [InlineData(Signals.Interrupt)]
    [InlineData(Signals.Terminate)]
    public async Task Process_StoppedInOrder_EndsWellAndFindsItsDataAndCounts(int signal)
    {
        using var folder = new TempFolder();
        await using (var first = await GatehouseProcess.StartAsync(folder.Path))
        {
            log.WriteLine($"ready after {first.StartedIn.TotalSeconds:0.00} s");
            Assert.Equal(201, (await first.PutTenantAsync("acme")).Status);
            Assert.Equal(200, (await first.CheckAsync("acme", "default", "a", cost: 30)).Status);
            Assert.Equal(0, await first.StopAsync(signal));
        }

        await using var second = await GatehouseProcess.StartAsync(folder.Path);
        Assert.Equal(200, (await second.PutTenantAsync("acme")).Status);
        var peek = await second.CheckAsync("acme", "default", "a", cost: 0);
        Assert.Equal((50, 20), (Member("effectiveLimit"), Member("remaining")));

        int Member(string name) => peek.Body.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Process_KilledWhileTenantsAreCreated_HasEveryAcknowledgedOne()
    {
        using var folder = new TempFolder();
        var acknowledged = new List<string>();
        await using (var first = await GatehouseProcess.StartAsync(folder.Path))
        {
            var creating = CreateAsync(first, acknowledged);
            while (acknowledged.Count < 40)
            {
                await Task.Yield();
            }

            await first.KillAsync();
            await creating;
        }

        await using var second = await GatehouseProcess.StartAsync(folder.Path);
        foreach (var tenant in acknowledged)
        {
            Assert.Equal(200, (await second.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}")).Status);
        }
    }

    [Fact]
    public async Task Process_OnAFolderInUse_EndsAndNamesIt()
    {
        using var folder = new TempFolder();
        await using var first = await GatehouseProcess.StartAsync(folder.Path);

        var (exitCode, output) = await GatehouseProcess.RunToEndAsync(folder.Path);

        Assert.NotEqual(0, exitCode);
        Assert.Contains("another process uses it", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_WithAWrongSetting_EndsAndNamesItWithoutAStack()
    {
        using var folder = new TempFolder();

        var (exitCode, output) = await GatehouseProcess.RunToEndAsync(
            folder.Path, new Dictionary<string, string> { ["Gatehouse:Silo:Port"] = "-1" });

        Assert.Equal(1, exitCode);
        Assert.Contains("Gatehouse did not start: Gatehouse:Silo:Port must be", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    private static async Task CreateAsync(GatehouseProcess process, List<string> acknowledged)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                if ((await process.PutTenantAsync($"t{i}")).Status == 201)
                {
                    acknowledged.Add($"t{i}");
                }
            }
        }
        catch (HttpRequestException)
        {
            // The process is gone; what it answered until now is what it promised.
        }
    }
}
