using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>
/// What of the chains is kept for good, outside of the regional store: entries with what they are searched by, the
/// tiles of each tree, and what was signed. It holds a beginning of each chain, and never another one.
/// </summary>
/// <remarks>
/// Every call ends within a deadline. A failure is a
/// <see cref="Abstractions.Resilience.ServiceOverloadedException"/> with a reason that starts with <c>archive_</c>.
/// </remarks>
internal interface IAuditArchive
{
    /// <summary>What is archived of a chain; of one that is not known, nothing.</summary>
    Task<ArchivedChain> ReadChainAsync(string tenant);

    /// <summary>
    /// Adds entries, all or nothing, if what is archived still ends with <paramref name="before"/>; false otherwise.
    /// Safe to repeat: what was added just so already is true as well.
    /// </summary>
    Task<bool> AppendAsync(
        string tenant, ChainEnd before, ChainEnd next, IReadOnlyList<byte[]> entries, IReadOnlyList<AuditTile> tiles);

    /// <summary>
    /// Notes a signed checkpoint of what is archived up to exactly there, if none of a larger size was noted; false
    /// otherwise. Another one of the same size takes its place.
    /// </summary>
    Task<bool> SignAsync(string tenant, SignedHead head);

    /// <summary>Reads entries as they were added, in the order of the chain; fewer where there are fewer.</summary>
    Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count);

    /// <summary>Finds entries from a place on, in the order of the chain.</summary>
    Task<IReadOnlyList<byte[]>> SearchAsync(string tenant, AuditFilter filter, long from, int count);

    /// <summary>Reads tiles, those that are there.</summary>
    Task<IReadOnlyList<AuditTile>> ReadTilesAsync(string tenant, IReadOnlyList<(int Level, long Index)> tiles);

    /// <summary>Sets how long entries are kept and whether they may be deleted at all.</summary>
    Task SetRetentionAsync(string tenant, AuditRetention retention);

    /// <summary>
    /// Deletes the entries before <paramref name="before"/>, not their hashes. Nothing, and false, under a legal hold:
    /// the same statement looks at it and deletes.
    /// </summary>
    Task<bool> PruneAsync(string tenant, long before);

    /// <summary>Whether it answers.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}

/// <summary>What is archived of a chain.</summary>
/// <param name="End">The end of what is archived; its tree is complete.</param>
/// <param name="Signed">The last checkpoint; null: none yet.</param>
/// <param name="PrunedBefore">Entries before this place were deleted.</param>
/// <param name="Retention">How long entries are kept.</param>
internal sealed record ArchivedChain(ChainEnd End, SignedHead? Signed, long PrunedBefore, AuditRetention Retention)
{
    public static ArchivedChain Empty { get; } = new(ChainEnd.Empty, null, 0, AuditRetention.Forever);
}

/// <summary>A signed checkpoint.</summary>
/// <param name="Size">The size of the tree.</param>
/// <param name="Root">Its root.</param>
/// <param name="SignedAt">When it was signed.</param>
/// <param name="Note">The checkpoint itself: a signed note.</param>
internal sealed record SignedHead(long Size, byte[] Root, DateTimeOffset SignedAt, string Note);

/// <summary>
/// Up to 256 hashes of a tree side by side (C2SP tlog-tiles): at level 0 those of leaves, at each level above those of
/// full tiles of the level below.
/// </summary>
/// <param name="Level">The level.</param>
/// <param name="Index">Which tile of the level, from 0.</param>
/// <param name="Hashes">The hashes, one after the other.</param>
internal sealed record AuditTile(int Level, long Index, byte[] Hashes);
