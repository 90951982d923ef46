using System.Data.Common;
using System.Globalization;
using Dapper;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>One region's archive in a SQL database. Every statement names the region and the tenant.</summary>
internal sealed class SqlAuditArchive(string region, ArchiveConnection archive) : IAuditArchive
{
    /// <summary>Tiles that one statement asks for: SQLite takes 32,766 parameters, two for each.</summary>
    private const int TilesMax = 1_000;

    private const string AndChain = "region = @Region AND tenant = @Tenant";

    private const string EnsureChain = """
        INSERT INTO chains (region, tenant, size, hash, frontier) VALUES (@Region, @Tenant, 0, @Genesis, @Nothing)
        ON CONFLICT (region, tenant) DO NOTHING
        """;

    private const string SelectChain = $"""
        SELECT size AS Size, hash AS Hash, frontier AS Frontier, signed_size AS SignedSize, signed_root AS SignedRoot,
            signed_at AS SignedAt, signed_note AS SignedNote, pruned_before AS PrunedBefore, keep_for AS KeepFor,
            held AS Held, hold_reason AS HoldReason
        FROM chains WHERE {AndChain}
        """;

    private const string SelectEnd = $"SELECT id AS Id, size AS Size, hash AS Hash FROM chains WHERE {AndChain}";

    private const string MoveEnd = """
        UPDATE chains SET size = @Size, hash = @Hash, frontier = @Frontier
        WHERE id = @Id AND size = @SizeBefore AND hash = @HashBefore
        """;

    private const string Sign = $"""
        UPDATE chains SET signed_size = @Size, signed_root = @Root, signed_at = @At, signed_note = @Note
        WHERE {AndChain} AND size = @Size AND (signed_size IS NULL OR signed_size <= @Size)
        """;

    private const string SelectEntries = $"""
        SELECT bytes FROM entries WHERE chain_id = {ArchiveSearch.ChainId} AND seq >= @From AND seq < @End ORDER BY seq
        """;

    private const string SetRetention = $"""
        UPDATE chains SET keep_for = @KeepFor, held = @Held, hold_reason = @HoldReason WHERE {AndChain}
        """;

    private const string StartPruning = $"""
        UPDATE chains SET pruned_before = CASE WHEN pruned_before < @Before THEN @Before ELSE pruned_before END
        WHERE {AndChain} AND held = 0 AND size >= @Before
        """;

    private const string DeleteEntries = $"""
        DELETE FROM entries WHERE seq < @Before AND chain_id = (SELECT id FROM chains WHERE {AndChain} AND held = 0)
        """;

    public Task<ArchivedChain> ReadChainAsync(string tenant) => archive.ReadAsync(async session =>
        await session.FirstAsync<ChainRow>(SelectChain, Chain(tenant)) is { } row ? row.Read() : ArchivedChain.Empty);

    public async Task<bool> AppendAsync(
        string tenant, ChainEnd before, ChainEnd next, IReadOnlyList<byte[]> entries, IReadOnlyList<AuditTile> tiles)
    {
        // Thousands of entries are read: not in the caller's turn.
        var rows = await Task.Run(() => EntryRow.ReadAll(tenant, before, next, entries));
        return await archive.WriteAsync(async session =>
        {
            await EnsureAsync(session, tenant, before.Size);
            var row = await session.FirstAsync<ChainRow>(SelectEnd + archive.Database.LockRow, Chain(tenant));
            if (row is null || !row.IsAt(before))
            {
                return row?.IsAt(next) is true;
            }

            try
            {
                await archive.Database.InsertAsync(session, row.Id, rows);
            }
            catch (DbException fork) when (archive.Database.IsTaken(fork))
            {
                return false;
            }

            await archive.Database.PutAsync(session, row.Id, tiles);
            return await session.ExecuteAsync(MoveEnd, new
            {
                row.Id,
                next.Size,
                Hash = Convert.FromHexString(next.Hash),
                Frontier = next.Tree.ToBytes(),
                SizeBefore = row.Size,
                HashBefore = row.Hash,
            }) == 1;
        });
    }

    public Task<bool> SignAsync(string tenant, SignedHead head) => archive.WriteAsync(async session =>
    {
        await EnsureAsync(session, tenant, head.Size);
        return await session.ExecuteAsync(Sign, new
        {
            Region = region,
            Tenant = tenant,
            head.Size,
            head.Root,
            At = head.SignedAt.ToUnixTimeMilliseconds(),
            head.Note,
        }) == 1;
    });

    public Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count) => archive.ReadAsync(session =>
        session.AllAsync<byte[]>(SelectEntries, new
        {
            Region = region,
            Tenant = tenant,
            From = from,
            End = count > long.MaxValue - from ? long.MaxValue : from + count,
        }));

    public async Task<IReadOnlyList<byte[]>> SearchAsync(string tenant, AuditFilter filter, long from, int count) =>
        ArchiveSearch.IsPossible(filter)
            ? await archive.SearchAsync(session => SearchAsync(session, tenant, filter, from, count))
            : [];

    public Task<IReadOnlyList<AuditTile>> ReadTilesAsync(string tenant, IReadOnlyList<(int Level, long Index)> tiles) =>
        archive.ReadAsync<IReadOnlyList<AuditTile>>(async session =>
        {
            var found = new List<AuditTile>(tiles.Count);
            foreach (var part in tiles.Distinct().Chunk(TilesMax))
            {
                var (sql, values) = Tiles(tenant, part);
                found.AddRange((await session.AllAsync<TileRow>(sql, values))
                    .Select(static row => new AuditTile(row.Level, row.Index, row.Hashes)));
            }

            return found;
        });

    public Task SetRetentionAsync(string tenant, AuditRetention retention) => archive.WriteAsync(async session =>
    {
        await EnsureAsync(session, tenant, size: 0);
        return await session.ExecuteAsync(SetRetention, new
        {
            Region = region,
            Tenant = tenant,
            KeepFor = (long?)retention.KeepFor?.TotalMilliseconds,
            Held = retention.IsHeld ? 1 : 0,
            retention.HoldReason,
        }) == 1;
    });

    public Task<bool> PruneAsync(string tenant, long before) => archive.WriteAsync(async session =>
    {
        var values = new { Region = region, Tenant = tenant, Before = before };
        // The row stays locked until the end: a legal hold comes before both, or after them.
        if (await session.ExecuteAsync(StartPruning, values) == 0)
        {
            return false;
        }

        await session.ExecuteAsync(DeleteEntries, values);
        return true;
    });

    public Task PingAsync(CancellationToken cancellationToken) => archive.PingAsync(cancellationToken);

    private async Task<IReadOnlyList<byte[]>> SearchAsync(
        ArchiveSession session, string tenant, AuditFilter filter, long from, int count)
    {
        var end = long.MaxValue;
        if (filter.Since is { } since)
        {
            if (await FirstSinceAsync(session, tenant, since) is not { } first)
            {
                return [];
            }

            from = Math.Max(from, first);
        }

        if (filter.Until is { } until)
        {
            end = await FirstSinceAsync(session, tenant, until) ?? end;
        }

        var (sql, values) = ArchiveSearch.Find(
            region, tenant, filter, from, end, count, archive.Database.Walk);
        return await session.AllAsync<byte[]>(sql, values);
    }

    private Task<long?> FirstSinceAsync(ArchiveSession session, string tenant, DateTimeOffset time) =>
        session.FirstAsync<long?>(
            ArchiveSearch.FirstSince,
            new { Region = region, Tenant = tenant, At = ArchiveSearch.Milliseconds(time) });

    /// <summary>A chain of which nothing is archived may have no row yet.</summary>
    private async Task EnsureAsync(ArchiveSession session, string tenant, long size)
    {
        if (size == 0)
        {
            var (genesis, nothing) = (Convert.FromHexString(AuditEntry.Genesis), Array.Empty<byte>());
            await session.ExecuteAsync(
                EnsureChain, new { Region = region, Tenant = tenant, Genesis = genesis, Nothing = nothing });
        }
    }

    private (string Sql, DynamicParameters Values) Tiles(string tenant, (int Level, long Index)[] tiles)
    {
        var values = new DynamicParameters(Chain(tenant));
        var names = tiles.Select((tile, i) =>
        {
            var number = i.ToString(CultureInfo.InvariantCulture);
            values.Add($"Level{number}", tile.Level);
            values.Add($"Index{number}", tile.Index);
            return $"(@Level{number}, @Index{number})";
        });
        return ($"""
            SELECT level AS Level, idx AS "Index", hashes AS Hashes FROM tiles
            WHERE chain_id = {ArchiveSearch.ChainId} AND (level, idx) IN (VALUES {string.Join(", ", names)})
            ORDER BY level, idx
            """, values);
    }

    private object Chain(string tenant) => new { Region = region, Tenant = tenant };

    private sealed class TileRow
    {
        public int Level { get; init; }

        public long Index { get; init; }

        public byte[] Hashes { get; init; } = [];
    }
}
