using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>A chain whose first segment the retention has deleted: each route says so, or goes on behind it.</summary>
public class AuditPrunedTests(SharedHost shared)
{
    private const int Pruned = 4_096;
    private const int Size = Pruned + 10;

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Routes_OfAPrunedChain_SayWhatIsDeleted()
    {
        var tenant = await _host.NewChainAsync(Size);
        var services = _host.App.Services;
        // Waits for what is archived to be dropped from the regional store.
        await services.GetRequiredService<IGrainFactory>().AuditChain(tenant).KeepUpAsync();
        Assert.True(await services.GetRequiredService<IAuditArchive>().PruneAsync(tenant, Pruned));

        await AssertPrunedAsync(tenant, "events/0");
        await AssertPrunedAsync(tenant, "export?from=0");
        await AssertPrunedAsync(tenant, "export?to=4096");
        await AssertPrunedAsync(tenant, "tile/entries/000");
        await AssertExportAsync(tenant);
        await AssertListsAsync(tenant, "events?limit=1000");
        await AssertListsAsync(tenant, "events?limit=1000&action=order.refund");
        await using var tail = await TailReader.OpenAsync(_host, tenant, "?from=7");
        Assert.Equal(Pruned, (await tail.NextAsync()).Id);
        // The tree is whole: what is left can be proved, and so can what is gone.
        Assert.Equal(200, (await _host.GetAuditAsync(tenant, "events/0/proof")).Status);
        Assert.Equal(200, (await _host.GetPublicAsync(tenant, "tile/0/000")).Status);
        var verdict = (await _host.PostAuditAsync(tenant, "verify", "{}")).Json;
        Assert.Equal((true, Pruned, Size - Pruned), (verdict.GetProperty("ok").GetBoolean(),
            verdict.GetProperty("from").GetInt32(), verdict.GetProperty("checked").GetInt32()));
        var state = (await _host.GetAuditAsync(tenant, "state")).Json;
        Assert.Equal((Pruned, Pruned), (state.GetProperty("prunedBefore").GetInt32(), state.GetProperty("heldFrom").GetInt32()));
    }

    private async Task AssertPrunedAsync(string tenant, string path)
    {
        var answer = await _host.GetAuditAsync(tenant, path);
        Assert.Equal((404, "event_pruned", path), (answer.Status, answer.Code, path));
    }

    private async Task AssertExportAsync(string tenant)
    {
        var lines = (await _host.GetAuditAsync(tenant, "export")).Text.Split('\n')[..^1];
        var manifest = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal((Pruned, Size - Pruned, Size - Pruned), (
            manifest.GetProperty("from").GetInt32(), manifest.GetProperty("count").GetInt32(), lines.Length - 1));
    }

    private async Task AssertListsAsync(string tenant, string path)
    {
        var whole = (await _host.GetAuditAsync(tenant, path)).Json;
        var rest = (await _host.GetAuditAsync(tenant, $"{path}&from={Pruned}")).Json;
        Assert.Equal((Pruned, 0), (
            whole.GetProperty("prunedBefore").GetInt32(), rest.GetProperty("prunedBefore").GetInt32()));
        var (query, left) = (path[(path.IndexOf('?') + 1)..], rest.GetProperty("items").EnumerateArray());
        Assert.Equal(Size - Pruned, left.Count());
        Assert.Equal(
            left.Select(entry => entry.GetRawText()),
            (await _host.ListAllAsync(tenant, query)).Select(entry => entry.GetRawText()));
    }
}
