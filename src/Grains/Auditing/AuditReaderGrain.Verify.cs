using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.Auditing;

/// <content>Verification: each entry against the tree, the tree against what was signed.</content>
internal sealed partial class AuditReaderGrain
{
    public async Task<AuditVerification> VerifyAsync(AuditVerification progress)
    {
        progress = progress.Head is null ? await BeginAsync(progress) : progress;
        if (progress.IsDone || progress.Fault is not null)
        {
            return progress with { IsDone = true };
        }

        var (to, next, previous) = (progress.To!.Value, progress.Next, progress.Previous);
        var page = await ReadAsync(next, (int)Math.Min(RedisAuditStore.SegmentSize, to - next));
        if (page.PrunedBefore > next)
        {
            // Deleted while it was read: it begins anew behind that.
            return AuditVerification.Of(page.PrunedBefore, progress.To);
        }

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
            Fault = await FaultOfAsync(signed),
        };
    }

    /// <summary>What is wrong with the checkpoint that everything is held against; null: nothing.</summary>
    private async Task<AuditFault?> FaultOfAsync(AuditCheckpoint signed)
    {
        var ring = await rings.ReadAsync(Tenant);
        // Revoked keys, too: what they signed before the revocation is replaced by the next checkpoint.
        var keys = new ChainKeys([.. ring.Versions.Select(static version =>
            new ChainKey(KeyVersions.Name(version.Number), version.Algorithm, version.PublicKey))]);
        var verdict = keys.Verify(signed.Note, allowRevoked: true);
        var origin = Checkpoint.NameOf(options.Value.Deployment, region.Value.Region, Tenant);
        return verdict.Fault is { } fault ? new AuditFault(signed.Size, "checkpoint", fault.Expected, fault.Actual)
            : verdict.Checkpoint is { } read && read.Origin == origin && read.Size == signed.Size
                && read.Root.AsSpan().SequenceEqual(signed.Root) ? null
            : new AuditFault(signed.Size, "checkpoint", $"{origin} {signed.Size}",
                $"{verdict.Checkpoint?.Origin} {verdict.Checkpoint?.Size}");
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
}
