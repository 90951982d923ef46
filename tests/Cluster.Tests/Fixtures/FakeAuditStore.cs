using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>
/// Audit chains in memory, one store for all silos of a cluster: what its scripts promise, with a store's faults.
/// </summary>
internal sealed partial class FakeAuditStore(FakeKeyRingStore rings) : IAuditStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Chain> _chains = [];
    private TaskCompletionSource _open = Opened();

    /// <summary>Faults of the calls to come, one each: before it is applied, or after.</summary>
    public Queue<(bool IsApplied, ServiceOverloadedException Failure)?> Faults { get; } = new();

    /// <summary>How many events each append held.</summary>
    public List<int> Batches { get; } = [];

    /// <summary>Appends are held back until <see cref="Continue"/>.</summary>
    public void Stop() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Continue() => _open.TrySetResult();

    public Chain Of(string tenant)
    {
        lock (_lock)
        {
            if (!_chains.TryGetValue(tenant, out var chain))
            {
                _chains[tenant] = chain = new Chain();
            }

            return chain;
        }
    }

    /// <summary>A chain as it is now.</summary>
    public (ChainEnd End, IReadOnlyList<byte[]> Entries) Now(string tenant)
    {
        var chain = Of(tenant);
        lock (_lock)
        {
            return (chain.End, [.. chain.Entries]);
        }
    }

    public Task<OpenedChain> OpenAsync(string tenant) => Answer(tenant, chain =>
        new OpenedChain(++chain.Fence, chain.End, chain.Entries.Count, chain.Frozen)
        {
            Dropped = chain.Dropped,
            Forgotten = chain.Forgotten,
            Signed = chain.Signed,
            Repair = chain.Repair,
            KeysRecorded = chain.KeysRecorded,
        });

    public Task<bool> FreezeAsync(string tenant, long fence, string fault) => Answer(tenant, chain =>
    {
        chain.Frozen ??= chain.Fence == fence ? fault : null;
        return chain.Fence == fence;
    });

    public async Task<StoreAnswer> AppendAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries)
    {
        await _open.Task;
        return await Answer(tenant, chain =>
        {
            if (chain.End.Hash == next.Hash)
            {
                return StoreAnswer.Of(StoreOutcome.Done);
            }

            if (chain.Frozen is not null)
            {
                return StoreAnswer.Of(StoreOutcome.Frozen);
            }

            if (chain.Fence > fence || chain.End.Hash != before.Hash || chain.Entries.Count != before.Size)
            {
                return StoreAnswer.Of(chain.Fence > fence ? StoreOutcome.Fenced
                    : chain.End.Hash != before.Hash ? StoreOutcome.Mismatch : StoreOutcome.Corrupt);
            }

            var known = entries.Index().Where(entry => chain.Ids.ContainsKey(entry.Item.Id))
                .ToDictionary(entry => entry.Index, entry => chain.Ids[entry.Item.Id]);
            if (known.Count > 0)
            {
                return new StoreAnswer(StoreOutcome.Known, known);
            }

            Batches.Add(entries.Count);
            chain.Write(entries);
            chain.End = next;
            return StoreAnswer.Of(StoreOutcome.Done);
        });
    }

    public Task<StoreAnswer> RepairAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries) =>
        Answer(tenant, chain =>
        {
            if (chain.Fence != fence || chain.End.Hash != before.Hash)
            {
                return StoreAnswer.Of(StoreOutcome.Fenced);
            }

            foreach (var entry in entries)
            {
                chain.Ids[entry.Id] = entry.Seq;
            }

            chain.End = next;
            return StoreAnswer.Of(StoreOutcome.Done);
        });

    public Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count) =>
        Answer<IReadOnlyList<byte[]>>(tenant, chain =>
            from < chain.Dropped ? [] : [.. chain.Entries.Skip((int)from).Take(count)]);

    private async Task<T> Answer<T>(string tenant, Func<Chain, T> answer)
    {
        await Task.Yield();
        lock (_lock)
        {
            var fault = Faults.TryDequeue(out var next) ? next : null;
            if (fault is { IsApplied: false } before)
            {
                throw before.Failure;
            }

            var result = answer(Of(tenant));
            return fault is { } after ? throw after.Failure : result;
        }
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }

    /// <summary>One chain as it is stored.</summary>
    internal sealed class Chain
    {
        public long Fence { get; set; }

        public ChainEnd End { get; set; } = ChainEnd.Empty;

        public string? Frozen { get; set; }

        public long Dropped { get; set; }

        public long Forgotten { get; set; }

        public SignedHead? Signed { get; set; }

        public ChainRepair? Repair { get; set; }

        public string KeysRecorded { get; set; } = "";

        /// <summary>All that were ever written; those before <see cref="Dropped"/> are not answered.</summary>
        public List<byte[]> Entries { get; } = [];

        public Dictionary<string, long> Ids { get; } = [];

        public void Write(IReadOnlyList<AuditEntry> entries)
        {
            foreach (var entry in entries)
            {
                Entries.Add(entry.Bytes);
                Ids[entry.Id] = entry.Seq;
            }
        }
    }
}
