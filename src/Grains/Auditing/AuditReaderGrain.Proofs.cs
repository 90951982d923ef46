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
        if (from > size || size == 0 || await CheckpointAsync(size) is not { } signed)
        {
            return null;
        }

        // Of what was deleted there is nothing to export.
        var start = Math.Max(from, (await archive.ReadChainAsync(Tenant)).PrunedBefore);
        if (start > size)
        {
            return null;
        }

        var manifest = await ManifestAsync(signed, start, size);
        return new AuditExport { Manifest = manifest.ToBytes(), From = start, To = size };
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
            ? throw new ServiceOverloadedException(AuditOverloads.Frozen, Applied.No)
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
