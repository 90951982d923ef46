using Orleans.Concurrency;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// Reads one tenant's chain, wherever its entries are kept by now, on any silo. The key is the tenant's id.
/// </summary>
[Alias("audit.reader")]
public interface IAuditReaderGrain : IGrainWithStringKey
{
    /// <summary>Reads up to <paramref name="count"/> entries from a place on, as they are stored.</summary>
    [Alias("read"), ResponseTimeout("00:00:10")]
    Task<AuditSearchPage> ReadAsync(long from, int count);

    /// <summary>Finds up to <paramref name="count"/> entries from a place on that a filter lets through.</summary>
    [Alias("search"), ResponseTimeout("00:00:10")]
    Task<AuditSearchPage> SearchAsync(AuditFilter filter, long from, int count);

    /// <summary>The last checkpoint; null: none yet.</summary>
    [Alias("checkpoint"), ResponseTimeout("00:00:05")]
    Task<AuditCheckpoint?> CheckpointAsync();

    /// <summary>Proves that an entry is in the tree of a checkpoint; null: there is no such entry.</summary>
    /// <param name="seq">The entry's place.</param>
    /// <exception cref="Resilience.ServiceOverloadedException">There is no checkpoint of it now.</exception>
    [Alias("prove"), ResponseTimeout("00:00:20")]
    Task<AuditProof?> ProveAsync(long seq);

    /// <summary>
    /// Proves that the tree of <paramref name="second"/> entries begins with the one of <paramref name="first"/>; null:
    /// there are not so many entries, or no checkpoint of them.
    /// </summary>
    [Alias("consistency"), ResponseTimeout("00:00:20")]
    Task<AuditConsistency?> ProveConsistencyAsync(long first, long? second);

    /// <summary>
    /// The first <paramref name="width"/> hashes of a tile; null: the last checkpoint's tree has not so many.
    /// </summary>
    [Alias("tile"), ResponseTimeout("00:00:10")]
    Task<byte[]?> TileAsync(int level, long index, int width);

    /// <summary>
    /// The first line of an export: from a place on, up to another one or to the end; null: there are no such entries.
    /// </summary>
    [Alias("manifest"), ResponseTimeout("00:00:20")]
    Task<AuditExport?> ExportAsync(long from, long? until);

    /// <summary>Verifies some more of the chain, from where an earlier call left off.</summary>
    [Alias("verify"), ResponseTimeout("00:00:25")]
    Task<AuditVerification> VerifyAsync(AuditVerification progress);
}

/// <summary>Entries that were looked for.</summary>
[GenerateSerializer, Immutable, Alias("audit.search-page")]
public sealed record AuditSearchPage
{
    /// <summary>The entries, in the order of the chain.</summary>
    [Id(0)] public required IReadOnlyList<byte[]> Entries { get; init; }

    /// <summary>Where to go on; null: there is no more.</summary>
    [Id(1)] public long? Next { get; init; }

    /// <summary>The chain's head when they were read: none is missing before its size, or <see cref="Next"/>.</summary>
    [Id(2)] public required AuditHead Head { get; init; }

    /// <summary>Entries before this place were deleted.</summary>
    [Id(3)] public long PrunedBefore { get; init; }
}

/// <summary>That an entry is in a tree.</summary>
[GenerateSerializer, Immutable, Alias("audit.proof")]
public sealed record AuditProof
{
    /// <summary>The entry's place.</summary>
    [Id(0)] public required long Seq { get; init; }

    /// <summary>The hash of its leaf.</summary>
    [Id(1)] public required byte[] LeafHash { get; init; }

    /// <summary>The proof (RFC 6962, section 2.1.1).</summary>
    [Id(2)] public required IReadOnlyList<byte[]> Hashes { get; init; }

    /// <summary>The tree's checkpoint.</summary>
    [Id(3)] public required AuditCheckpoint Checkpoint { get; init; }
}

/// <summary>That a tree begins with another one.</summary>
[GenerateSerializer, Immutable, Alias("audit.consistency")]
public sealed record AuditConsistency
{
    /// <summary>The size of the smaller tree.</summary>
    [Id(0)] public required long First { get; init; }

    /// <summary>Its root.</summary>
    [Id(1)] public required byte[] FirstRoot { get; init; }

    /// <summary>The size of the larger tree.</summary>
    [Id(2)] public required long Second { get; init; }

    /// <summary>Its root.</summary>
    [Id(3)] public required byte[] SecondRoot { get; init; }

    /// <summary>The proof (RFC 6962, section 2.1.2).</summary>
    [Id(4)] public required IReadOnlyList<byte[]> Hashes { get; init; }
}

/// <summary>What an export begins with, and what it holds.</summary>
[GenerateSerializer, Immutable, Alias("audit.export")]
public sealed record AuditExport
{
    /// <summary>The manifest, canonical JSON.</summary>
    [Id(0)] public required byte[] Manifest { get; init; }

    /// <summary>The first entry.</summary>
    [Id(1)] public required long From { get; init; }

    /// <summary>The one after the last entry.</summary>
    [Id(2)] public required long To { get; init; }
}
