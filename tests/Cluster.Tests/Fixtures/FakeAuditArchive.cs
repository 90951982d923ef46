using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>The archive in memory: what the SQL one promises, with the faults of a database.</summary>
internal sealed class FakeAuditArchive : IAuditArchive
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _chains = [];

    /// <summary>Every call fails at once.</summary>
    public bool IsDown { get; set; }

    /// <summary>Faults of the calls to come, one each: before it is applied, or after.</summary>
    public Queue<(bool IsApplied, ServiceOverloadedException Failure)?> Faults { get; } = new();

    /// <summary>Runs after the next entries are kept, once.</summary>
    public Action<Kept>? AfterAppend { get; set; }

    public Kept Of(string tenant)
    {
        lock (_lock)
        {
            if (!_chains.TryGetValue(tenant, out var chain))
            {
                _chains[tenant] = chain = new Kept();
            }

            return chain;
        }
    }

    /// <summary>Puts a backup back.</summary>
    public void Replace(string tenant, Kept backup)
    {
        lock (_lock)
        {
            _chains[tenant] = backup;
        }
    }

    public Task<ArchivedChain> ReadChainAsync(string tenant) => Answer(
        tenant, kept => new ArchivedChain(kept.End, kept.Signed, kept.PrunedBefore, kept.Retention));

    public Task<bool> AppendAsync(
        string tenant, ChainEnd before, ChainEnd next, IReadOnlyList<byte[]> entries, IReadOnlyList<AuditTile> tiles) =>
        Answer(tenant, kept =>
        {
            if ((kept.End.Size, kept.End.Hash) != (before.Size, before.Hash))
            {
                return (kept.End.Size, kept.End.Hash) == (next.Size, next.Hash);
            }

            kept.Entries.AddRange(entries);
            foreach (var tile in tiles)
            {
                kept.Tiles[(tile.Level, tile.Index)] = tile.Hashes;
            }

            kept.End = next;
            AfterAppend?.Invoke(kept);
            AfterAppend = null;
            return true;
        });

    public Task<bool> SignAsync(string tenant, SignedHead head) => Answer(tenant, kept =>
    {
        var isTaken = kept.End.Size == head.Size && (kept.Signed is null || kept.Signed.Size <= head.Size);
        kept.Signed = isTaken ? head : kept.Signed;
        return isTaken;
    });

    public Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count) =>
        Answer<IReadOnlyList<byte[]>>(tenant, kept => [.. kept.Entries.Take((int)Math.Min(from + count, int.MaxValue))
            .Skip((int)Math.Max(from, kept.PrunedBefore))]);

    public Func<Task>? BeforeSearch { get; set; }

    public async Task<IReadOnlyList<byte[]>> SearchAsync(string tenant, AuditFilter filter, long from, int count)
    {
        var b = BeforeSearch; BeforeSearch = null;
        await (b?.Invoke() ?? Task.CompletedTask);
        return await SearchAsync2(tenant, filter, from, count);
    }

    private Task<IReadOnlyList<byte[]>> SearchAsync2(string tenant, AuditFilter filter, long from, int count) =>
        Answer<IReadOnlyList<byte[]>>(tenant, kept =>
            [
                .. kept.Entries.Skip((int)Math.Max(from, kept.PrunedBefore))
                    .Where(entry => AuditQuery.Fits(filter, entry)).Take(count),
            ]);

    public Task<IReadOnlyList<AuditTile>> ReadTilesAsync(string tenant, IReadOnlyList<(int Level, long Index)> tiles) =>
        Answer<IReadOnlyList<AuditTile>>(tenant, kept =>
        [
            .. tiles.Distinct().Where(kept.Tiles.ContainsKey)
                .Select(tile => new AuditTile(tile.Level, tile.Index, kept.Tiles[tile])),
        ]);

    public Task SetRetentionAsync(string tenant, AuditRetention retention) =>
        Answer(tenant, kept => kept.Retention = retention);

    public Task<bool> PruneAsync(string tenant, long before) => Answer(tenant, kept =>
    {
        kept.PrunedBefore = kept.Retention.IsHeld ? kept.PrunedBefore : Math.Max(before, kept.PrunedBefore);
        return !kept.Retention.IsHeld;
    });

    public Task PingAsync(CancellationToken cancellationToken) => Answer("", static _ => true);

    private async Task<T> Answer<T>(string tenant, Func<Kept, T> answer)
    {
        await Task.Yield();
        lock (_lock)
        {
            var fault = Faults.TryDequeue(out var next) ? next : null;
            if (IsDown || fault is { IsApplied: false })
            {
                throw fault?.Failure ?? new ServiceOverloadedException("archive_unavailable", Applied.No);
            }

            var result = answer(Of(tenant));
            return fault is { } after ? throw after.Failure : result;
        }
    }

    /// <summary>One chain as it is archived.</summary>
    internal sealed class Kept
    {
        /// <summary>A backup.</summary>
        public Kept Copy() => new()
        {
            End = End,
            Signed = Signed,
            PrunedBefore = PrunedBefore,
            Retention = Retention,
            Entries = [.. Entries],
            Tiles = new Dictionary<(int Level, long Index), byte[]>(Tiles),
        };

        public ChainEnd End { get; set; } = ChainEnd.Empty;

        public SignedHead? Signed { get; set; }

        public long PrunedBefore { get; set; }

        public AuditRetention Retention { get; set; } = AuditRetention.Forever;

        public List<byte[]> Entries { get; init; } = [];

        public Dictionary<(int Level, long Index), byte[]> Tiles { get; init; } = [];
    }
}
