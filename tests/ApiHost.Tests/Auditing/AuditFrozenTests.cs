using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Auditing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>A frozen chain: nothing is recorded, everything is said, and an operator lets it go on.</summary>
public class AuditFrozenTests(SharedHost shared)
{
    private const int Size = 4;

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Chain_ThatIsFrozen_IsReadAndNotWritten()
    {
        var tenant = await NewFrozenAsync();

        var head = await _host.GetAuditAsync(tenant, "head");
        var state = await _host.GetAuditAsync(tenant, "state");
        var list = await _host.GetAuditAsync(tenant, "events");
        var found = await _host.GetAuditAsync(tenant, "events?action=order.refund");

        Assert.True(head.Json.GetProperty("frozen").GetBoolean());
        Assert.Equal("frozen by a test", state.Json.GetProperty("fault").GetString());
        Assert.Equal(Size, list.Json.GetProperty("items").GetArrayLength());
        Assert.True(list.Json.GetProperty("head").GetProperty("frozen").GetBoolean());
        Assert.Equal(200, found.Status);
        Assert.Equal(200, (await _host.GetPublicAsync(tenant, "checkpoint")).Status);
        Assert.Equal(200, (await _host.GetAuditAsync(tenant, "export")).Status);
        await using var tail = await TailReader.OpenAsync(_host, tenant, lastEventId: "1");
        Assert.Equal([2, 3], (await tail.TakeAsync(2)).Select(item => item.Id));
    }

    [Fact]
    public async Task Repair_OfAFrozenChainThatIsWhole_LetsItGoOnAndRecordsThat()
    {
        var tenant = await NewFrozenAsync();

        var repair = await _host.PostAuditAsync(tenant, "repair", "{}");
        var again = await _host.PostAuditAsync(tenant, "repair", "{}");
        await _host.RecordAsync(tenant, "after");

        Assert.Equal(("continued", Size, 0, "frozen by a test"), (
            repair.Json.GetProperty("outcome").GetString(), repair.Json.GetProperty("size").GetInt32(),
            repair.Json.GetProperty("givenUp").GetInt32(), repair.Json.GetProperty("fault").GetString()));
        Assert.Equal("sound", again.Json.GetProperty("outcome").GetString());
        Assert.Single(await _host.ListAllAsync(tenant, "action=audit.repaired"));
        Assert.True((await _host.PostAuditAsync(tenant, "verify", "{}")).Json.GetProperty("ok").GetBoolean());
    }

    private async Task<string> NewFrozenAsync()
    {
        var tenant = await _host.NewChainAsync(Size);
        var store = _host.App.Services.GetRequiredService<IAuditStore>();
        // Only its owner may, so it is taken over first.
        await store.FreezeAsync(tenant, (await store.OpenAsync(tenant)).Fence, "frozen by a test");
        // The chain finds out when it writes.
        var refused = await _host.PostAuditAsync(tenant, "events", AuditCalls.Event);
        Assert.Equal((503, "chain_frozen"), (refused.Status, refused.Code));
        return tenant;
    }
}
