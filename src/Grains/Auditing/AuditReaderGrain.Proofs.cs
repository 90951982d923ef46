using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Auditing;

/// <content>Proofs, tiles, exports: all of trees that a checkpoint was signed of.</content>
internal sealed partial class AuditReaderGrain
{
    public async Task<AuditProof?> ProveAsync(long seq)
    {
        if (await CheckpointAsync(seq + 1) is not { } signed)
        {
            return null;
        }

        var hashes = await HashesAsync([new MerkleRange(seq, seq + 1), .. MerkleProof.Inclusion(seq, signed.Size)]);
        var proof = new AuditProof { Seq = seq, LeafHash = hashes[0], Hashes = hashes[1..], Checkpoint = signed };
        return MerkleProof.VerifyInclusion(proof.LeafHash, seq, signed.Size, proof.Hashes, signed.Root)
            ? proof
            : throw Damaged();
    }

    public async Task<AuditConsistency?> ProveConsistencyAsync(long first, long? second)
    {
        if (await CheckpointAsync(second ?? first) is not { } signed || first > (second ?? signed.Size))
        {
            return null;
        }

        var end = second ?? signed.Size;
        var hashes = await HashesAsync(
            [new MerkleRange(0, first), new MerkleRange(0, end), .. MerkleProof.Consistency(first, end)]);
        return new AuditConsistency
        {
            First = first,
            FirstRoot = hashes[0],
            Second = end,
            SecondRoot = hashes[1],
            Hashes = hashes[2..],
        };
    }

    public async Task<byte[]?> TileAsync(int level, long index, int width)
    {
        if (await CheckpointAsync() is not { } signed
            || level * 8 >= 62 || index > (signed.Size >> (8 * level)) / TreeTiles.Width)
        {
            return null;
        }

        var there = Math.Min(TreeTiles.Width, (signed.Size >> (8 * level)) - (index * TreeTiles.Width));
        var tiles = there < width ? [] : await archive.ReadTilesAsync(Tenant, [(level, index)]);
        return tiles.Count == 1 ? tiles[0].Hashes[..(width * MerkleTree.HashLength)] : null;
    }

    public async Task<AuditExport?> ExportAsync(long from, long? until)
    {
        var size = until ?? (await Chain.HeadAsync()).Size;
        return from <= size && size > 0 && await CheckpointAsync(size) is { } signed
            ? new AuditExport { Manifest = (await ManifestAsync(signed, from, size)).ToBytes(), From = from, To = size }
            : null;
    }

    private async Task<ExportManifest> ManifestAsync(AuditCheckpoint signed, long from, long size)
    {
        var (frontier, fromProof, proof) = (
            MerkleProof.Frontier(from), MerkleProof.Consistency(from, signed.Size),
            MerkleProof.Consistency(size, signed.Size));
        List<MerkleRange> ranges = [new MerkleRange(0, size), .. frontier, .. fromProof, .. proof];
        var (first, last) = (from > 0 && size > from, size > from);
        if (first)
        {
            ranges.Add(new MerkleRange(from - 1, from));
        }

        if (last)
        {
            ranges.Add(new MerkleRange(size - 1, size));
        }

        var hashes = await HashesAsync(ranges);
        var fromProofAt = 1 + frontier.Count;
        var proofAt = fromProofAt + fromProof.Count;
        var none = new byte[MerkleTree.HashLength];
        return new ExportManifest
        {
            Checkpoint = signed.Note,
            Consistency = hashes[proofAt..(proofAt + proof.Count)],
            Count = size - from,
            FromConsistency = hashes[fromProofAt..proofAt],
            Frontier = MerkleFrontier.Read(from, [.. hashes[1..fromProofAt].SelectMany(static hash => hash)]),
            LastHash = last ? hashes[^1] : none,
            Origin = Checkpoint.NameOf(options.Value.Deployment, region.Value.Region, Tenant),
            PrevHash = first ? hashes[^2] : none,
            Root = hashes[0],
            Tenant = Tenant,
        };
    }

    public async Task<AuditVerification> VerifyAsync(AuditVerification progress)
    {
        progress = progress.Head is null ? await BeginAsync(progress) : progress;
        if (progress.IsDone)
        {
            return progress;
        }

        var (to, next, previous) = (progress.To!.Value, progress.Next, progress.Previous);
        var page = await ReadAsync(next, (int)Math.Min(RedisAuditStore.SegmentSize, to - next));
        var leaves = await LeavesAsync(next, Math.Min(to, next + Math.Max(1, page.Entries.Count)));
        var hashes = new List<byte[]>(page.Entries.Count);
        for (var i = 0; i < Math.Max(1, page.Entries.Count) && next < to; i++, next++)
        {
            var entry = i < page.Entries.Count ? page.Entries[i] : null;
            if (ChainCheck.Next(Tenant, next, previous, entry, leaves[i]) is { } fault)
            {
                return progress with { Next = next, Fault = fault, IsDone = true };
            }

            hashes.Add(MerkleTree.Leaf(entry));
            previous = Convert.ToHexStringLower(hashes[^1]);
        }

        var tree = MerkleFrontier.Read(progress.Next, progress.Frontier).Append(hashes);
        return next < to
            ? progress with { Next = next, Previous = previous, Frontier = tree.ToBytes() }
            : await EndAsync(progress with { Next = next, IsDone = true }, tree);
    }

    private async Task<AuditVerification> BeginAsync(AuditVerification asked)
    {
        var head = await Chain.HeadAsync();
        var signed = await CheckpointAsync(Math.Min(asked.To ?? head.Size, head.Size));
        var (from, to) = (
            Math.Max(asked.From, (await archive.ReadChainAsync(Tenant)).PrunedBefore),
            Math.Min(asked.To ?? long.MaxValue, signed?.Size ?? 0));
        if (signed is null || from >= to)
        {
            return asked with { To = from, From = from, Next = from, Head = head, IsDone = true };
        }

        var frontier = MerkleProof.Frontier(from);
        var hashes = await HashesAsync([.. frontier, new MerkleRange(Math.Max(0, from - 1), from)]);
        return asked with
        {
            From = from,
            To = to,
            Next = from,
            Frontier = [.. hashes[..^1].SelectMany(static hash => hash)],
            Previous = from == 0 ? AuditEntry.Genesis : Convert.ToHexStringLower(hashes[^1]),
            Head = head with { Size = signed.Size, Root = Convert.ToHexStringLower(signed.Root) },
        };
    }

    /// <summary>The entries are the tree's; and the tree is the one that was signed.</summary>
    private async Task<AuditVerification> EndAsync(AuditVerification done, MerkleFrontier tree)
    {
        var roots = await HashesAsync([new MerkleRange(0, tree.Size), new MerkleRange(0, done.Head!.Size)]);
        var (signed, whole) = (Convert.ToHexStringLower(roots[1]), Convert.ToHexStringLower(roots[0]));
        return signed != done.Head.Root
            ? done with { Fault = new AuditFault(done.Head.Size, "fork", done.Head.Root, signed) }
            : Convert.ToHexStringLower(tree.Root()) is var actual && actual != whole
                ? done with { Fault = new AuditFault(tree.Size, "fork", whole, actual) }
                : done;
    }

    private async Task<IReadOnlyList<byte[]?>> LeavesAsync(long from, long to)
    {
        var tiles = await TilesAsync([.. Enumerable.Range(0, (int)((to - from) / TreeTiles.Width) + 2)
            .Select(i => (0, (from / TreeTiles.Width) + i))]);
        return
        [
            .. Enumerable.Range(0, (int)(to - from)).Select(i =>
            {
                var (tile, at) = Math.DivRem(from + i, TreeTiles.Width);
                var start = (int)at * MerkleTree.HashLength;
                return tiles.TryGetValue((0, tile), out var hashes) && hashes.Length > start
                    ? hashes[start..(start + MerkleTree.HashLength)]
                    : null;
            }),
        ];
    }

    /// <summary>A checkpoint of at least so many entries; null: there are not so many.</summary>
    private async Task<AuditCheckpoint?> CheckpointAsync(long size)
    {
        if (await CheckpointAsync() is { } last && last.Size >= size)
        {
            return last;
        }

        if (await Chain.CheckpointAsync(size) is { } signed)
        {
            return signed;
        }

        return (await Chain.HeadAsync()) is { IsFrozen: true } head && head.Size >= size
            ? throw new ServiceOverloadedException("audit_frozen", Applied.No)
            : null;
    }

    private async Task<byte[][]> HashesAsync(IReadOnlyList<MerkleRange> ranges)
    {
        var tiles = await TilesAsync(
            [.. ranges.SelectMany(static range => TreeTiles.Needed(range.Start, range.End)).Distinct()]);
        try
        {
            return [.. ranges.Select(range => TreeTiles.Hash(range.Start, range.End, tiles))];
        }
        catch (FormatException)
        {
            throw Damaged();
        }
    }

    private async Task<Dictionary<(int Level, long Index), byte[]>> TilesAsync(IReadOnlyList<(int, long)> needed) =>
        (await archive.ReadTilesAsync(Tenant, needed))
            .ToDictionary(tile => (tile.Level, tile.Index), tile => tile.Hashes);

    private static ServiceOverloadedException Damaged() => new("archive_damaged", Applied.No);
}
