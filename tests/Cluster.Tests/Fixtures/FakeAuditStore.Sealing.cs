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

    /// <summary>Runs before the next repair begins to write, once.</summary>
    public Func<Task>? BeforeForgetAll { get; set; }

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
            foreach (var entry in isIt ? entries.Where(entry => chain.Ids.GetValueOrDefault(entry.Id) <= entry.Seq) : [])
            {
                chain.Ids.Remove(entry.Id);
            }

            chain.Forgotten = isIt ? before : chain.Forgotten;
            return isIt;
        });

    public async Task<bool> ForgetAllAsync(string tenant, long fence, string fault)
    {
        var before = BeforeForgetAll;
        BeforeForgetAll = null;
        await (before?.Invoke() ?? Task.CompletedTask);
        return await Answer(tenant, chain =>
        {
            if (chain.Fence == fence)
            {
                chain.Frozen ??= fault;
                chain.Ids.Clear();
            }

            return chain.Fence == fence;
        });
    }

    public Task<bool> RememberAsync(string tenant, long fence, IReadOnlyList<AuditEntry> entries) =>
        Answer(tenant, chain =>
        {
            foreach (var entry in chain.Fence == fence ? entries.Reverse() : [])
            {
                chain.Ids.TryAdd(entry.Id, entry.Seq);
            }

            return chain.Fence == fence;
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

    public Task<bool> UnfreezeAsync(string tenant, long fence, long forgotten, ChainRepair repair) =>
        Answer(tenant, chain =>
        {
            if (chain.Fence == fence)
            {
                (chain.Frozen, chain.Forgotten, chain.Repair) = (null, forgotten, repair);
            }

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
