using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <content>Checkpoints, and what happens to entries once they are archived.</content>
internal sealed partial class FakeAuditStore
{
    /// <summary>Runs before the next checkpoint is published, once.</summary>
    public Func<Task>? BeforePublish { get; set; }

    /// <summary>Runs when a chain is let go on, once.</summary>
    public Action? BeforeRepairAnswer { get; set; }

    public Task<long> FenceAsync(string tenant) => Answer(tenant, chain => ++chain.Fence);

    public Task<HeldRange> HeldAsync(string tenant) =>
        Answer(tenant, chain => new HeldRange(chain.Dropped, chain.Forgotten));

    public Task<long> SizeAsync(string tenant) => Answer(tenant, chain => chain.End.Size);

    public Task<SignedHead?> CheckpointAsync(string tenant) => Answer(tenant, chain => chain.Signed);

    public async Task<PublishOutcome> PublishAsync(string tenant, long fence, SignedHead head, KeyRingState signer)
    {
        var before = BeforePublish;
        BeforePublish = null;
        await (before?.Invoke() ?? Task.CompletedTask);
        var ring = await rings.ReadAsync(tenant);
        return await Answer(tenant, chain =>
        {
            if (ring.Revision != signer.Revision || chain.Fence > fence)
            {
                return chain.Fence > fence ? PublishOutcome.Fenced : PublishOutcome.StaleKey;
            }

            if (chain.End.Size < head.Size || chain.Signed?.Size > head.Size)
            {
                return chain.End.Size < head.Size ? PublishOutcome.Behind : PublishOutcome.Older;
            }

            (chain.Signed, chain.KeysRecorded) = (head, ChainRecords.Recorded(signer));
            return PublishOutcome.Done;
        });
    }

    public Task<bool> DropAsync(string tenant, long fence, long from, byte[] first, byte[] last) =>
        Answer(tenant, chain =>
        {
            var end = from + RedisAuditStore.SegmentSize;
            var isIt = (chain.Fence, chain.Dropped) == (fence, from) && chain.Entries.Count > end
                && chain.Entries[(int)from].SequenceEqual(first) && chain.Entries[(int)end - 1].SequenceEqual(last);
            chain.Dropped = isIt ? end : chain.Dropped;
            return isIt;
        });

    public Task<bool> ForgetAsync(
        string tenant, long fence, long from, long before, IReadOnlyList<AuditEntry> entries) =>
        Answer(tenant, chain =>
        {
            var isIt = (chain.Fence, chain.Forgotten) == (fence, from);
            foreach (var entry in isIt ? entries : [])
            {
                chain.Ids.Remove(entry.Id);
            }

            chain.Forgotten = isIt ? before : chain.Forgotten;
            return isIt;
        });

    public Task RememberAsync(string tenant, IReadOnlyList<AuditEntry> entries) => Answer(tenant, chain =>
    {
        foreach (var entry in entries)
        {
            chain.Ids[entry.Id] = entry.Seq;
        }

        return true;
    });

    public Task ForgetFromAsync(string tenant, long from) => Answer(tenant, chain =>
    {
        foreach (var id in chain.Ids.Where(id => id.Value >= from).Select(id => id.Key).ToList())
        {
            chain.Ids.Remove(id);
        }

        return true;
    });

    public Task<bool> RestoreAsync(
        string tenant, long fence, ChainEnd end, long forgotten, IReadOnlyList<AuditEntry> entries, ChainRepair repair) =>
        Answer(tenant, chain =>
        {
            if (chain.Fence != fence)
            {
                return false;
            }

            var dropped = (int)(end.Size - entries.Count);
            chain.Entries.RemoveRange(Math.Min(dropped, chain.Entries.Count), Math.Max(0, chain.Entries.Count - dropped));
            while (chain.Entries.Count < dropped)
            {
                chain.Entries.Add([]);
            }

            chain.Write(entries);
            (chain.End, chain.Dropped, chain.Forgotten, chain.Frozen) = (end, dropped, forgotten, null);
            chain.Repair = repair;
            return true;
        });

    public Task<bool> UnfreezeAsync(string tenant, long fence, ChainRepair repair) => Answer(tenant, chain =>
    {
        (chain.Frozen, chain.Repair) = chain.Fence == fence ? (null, repair) : (chain.Frozen, chain.Repair);
        BeforeRepairAnswer?.Invoke();
        BeforeRepairAnswer = null;
        return chain.Fence == fence;
    });

    public Task RepairRecordedAsync(string tenant) => Answer<ChainRepair?>(tenant, chain => chain.Repair = null);

    public Task<IReadOnlyList<string>> TenantsAsync()
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<string>>(
                [.. _chains.Where(chain => chain.Value.End.Size > 0).Select(chain => chain.Key)]);
        }
    }
}
