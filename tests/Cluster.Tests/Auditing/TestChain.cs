using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>A tenant's chain: its grain, and what is stored of it.</summary>
internal sealed class TestChain(GatehouseCluster cluster)
{
    public string Tenant { get; } = GatehouseCluster.NewName();

    public FakeAuditStore.Chain Stored => cluster.Chains.Of(Tenant);

    public IAuditChainGrain Grain => cluster.Grains.AuditChain(Tenant);

    public Task<AuditAppendResult> AppendManyAsync(string prefix, int count) =>
        Grain.AppendAsync([.. Enumerable.Range(0, count).Select(i => Event($"{prefix}{i}"))]);

    /// <summary>Thousands of events, with the ids <c>s{from}-0</c> on.</summary>
    public async Task FillAsync(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            await AppendManyAsync($"s{i}-", 1_000);
        }
    }

    /// <summary>Changes an entry behind everybody's back.</summary>
    public void Edit(int seq) =>
        Stored.Entries[seq] = [.. Stored.Entries[seq].Select(b => b == (byte)'7' ? (byte)'8' : b)];

    /// <summary>What the chain would be with one more event.</summary>
    public (ChainEnd End, IReadOnlyList<AuditEntry> Entries) Next(string id) =>
        AuditChain.Append(Tenant, Stored.End, [Event(id)], cluster.Time.GetUtcNow());

    public Task<AuditAppendResult> AppendAsync(string id) => Grain.AppendAsync([Event(id)]);

    /// <summary>As a careful caller does: an activation that is on its way out refuses until the next one is there.</summary>
    public async Task<AuditAppendResult> AppendUntilTakenAsync(string id)
    {
        while (true)
        {
            try
            {
                return await AppendAsync(id);
            }
            catch (ServiceOverloadedException moving) when (moving.Reason == "audit_moving")
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Waits until that many appends of this chain have come to its grain, from the first one on.</summary>
    public Task ArriveAsync(int count) => cluster.Appends.ArriveAsync(Tenant, count);

    /// <summary>Puts the store back, as a backup from before does, or a fail-over.</summary>
    public void PutBack(int size)
    {
        var stored = Stored;
        stored.Entries.RemoveRange(size, stored.Entries.Count - size);
        stored.End = AuditChain.Adopt(Tenant, ChainEnd.Empty, stored.Entries)!;
        stored.Signed = null;
        foreach (var id in stored.Ids.Where(id => id.Value >= size).Select(id => id.Key).ToList())
        {
            stored.Ids.Remove(id);
        }
    }

    public void AssertOneChain()
    {
        // A checkpoint may be on its way, and add what Gatehouse itself records.
        var (end, entries) = cluster.Chains.Now(Tenant);
        var whole = AuditChain.Adopt(Tenant, ChainEnd.Empty, entries);
        Assert.NotNull(whole);
        Assert.Equal((end.Size, end.Hash), (whole.Size, whole.Hash));
        Assert.Equal(end.Tree.Root(), whole.Tree.Root());
        var ids = entries.Select(bytes => AuditEntry.Read(bytes).Entry.Id).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    public static AuditEvent Event(string id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Outcome = AuditOutcome.Success,
    };
}

/// <summary>One cluster for all of them; each has a tenant of its own.</summary>
public sealed class AuditCluster : IAsyncLifetime
{
    public GatehouseCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await GatehouseCluster.StartAsync(silos: 2, recordsKeys: true);

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
