using Orleans.Concurrency;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// One tenant's audit chain, and its only writer. The key is the tenant's id. What an append acknowledged is durable,
/// stands in the chain once, and is never changed.
/// </summary>
[Alias("audit.chain-grain")]
public interface IAuditChainGrain : IGrainWithStringKey
{
    /// <summary>
    /// Records events, all of them or none, one after the other. Safe to repeat: an event whose id is recorded
    /// already, with the same content, is answered with its place.
    /// </summary>
    /// <exception cref="Resilience.ServiceOverloadedException">The store does not take them now.</exception>
    [Alias("append"), ResponseTimeout("00:00:05"), AlwaysInterleave]
    Task<AuditAppendResult> AppendAsync(IReadOnlyList<AuditEvent> events);

    /// <summary>
    /// Reads up to <paramref name="count"/> entries from a place on, as they are stored; none before
    /// <see cref="AuditPage.HeldFrom"/>, which only the archive has.
    /// </summary>
    [Alias("read"), ResponseTimeout("00:00:05"), AlwaysInterleave, ReadOnly]
    Task<AuditPage> ReadAsync(long from, int count);

    /// <summary>The chain's size, last hash and root.</summary>
    [Alias("head"), ResponseTimeout("00:00:05"), AlwaysInterleave]
    Task<AuditHead> HeadAsync();

    /// <summary>Answers once the chain has more than so many entries, or after a while.</summary>
    [Alias("wait"), ResponseTimeout("00:00:20"), AlwaysInterleave, ReadOnly]
    Task<AuditHead> WaitAsync(long size);

    /// <summary>
    /// A checkpoint of a tree of at least so many entries: the last one, or a new one. It is archived before it is
    /// signed.
    /// </summary>
    /// <returns>The checkpoint; null: there are not so many entries, or the chain is frozen.</returns>
    /// <exception cref="Resilience.ServiceOverloadedException">The archive or the key ring does not answer.</exception>
    [Alias("checkpoint"), ResponseTimeout("00:00:15"), AlwaysInterleave]
    Task<AuditCheckpoint?> CheckpointAsync(long size);

    /// <summary>Does what is due by time: checkpoints, records of changed keys, deletions.</summary>
    [Alias("keep-up"), ResponseTimeout("00:00:30"), AlwaysInterleave]
    Task KeepUpAsync();

    /// <summary>What its stores hold of the chain, and why it is frozen.</summary>
    [Alias("state"), ResponseTimeout("00:00:10"), AlwaysInterleave]
    Task<AuditChainState> StateAsync();

    /// <summary>
    /// Lets a frozen chain go on: as it stands, if it is sound, else as it is archived.
    /// </summary>
    /// <param name="giveUpFrom">
    /// The place from which on entries that are not archived may be given up; null: none may.
    /// </param>
    [Alias("repair"), ResponseTimeout("00:00:30"), AlwaysInterleave]
    Task<AuditRepair> RepairAsync(long? giveUpFrom);

    /// <summary>
    /// Sets how long entries are kept, once that is recorded in the chain; false: the chain is frozen.
    /// </summary>
    [Alias("set-retention"), ResponseTimeout("00:00:10"), AlwaysInterleave]
    Task<bool> SetRetentionAsync(AuditRetention retention);
}

/// <summary>What became of an append.</summary>
[GenerateSerializer, Alias("audit.append-outcome")]
public enum AuditAppendOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>All are recorded, now or before.</summary>
    Recorded = 1,

    /// <summary>An id is recorded already, with another content; nothing was recorded.</summary>
    IdReused = 2,

    /// <summary>The store has lost entries that were acknowledged; nothing is recorded until that is mended.</summary>
    Frozen = 3,
}

/// <summary>The outcome of an append, and a receipt per event.</summary>
[GenerateSerializer, Immutable, Alias("audit.append-result")]
public sealed record AuditAppendResult
{
    /// <summary>What became of it.</summary>
    [Id(0)] public required AuditAppendOutcome Outcome { get; init; }

    /// <summary>One per event, in their order.</summary>
    [Id(1)] public IReadOnlyList<AuditReceipt> Receipts { get; init; } = [];

    /// <summary>The id that was reused.</summary>
    [Id(2)] public string? ReusedId { get; init; }
}

/// <summary>Where an event stands.</summary>
[GenerateSerializer, Immutable, Alias("audit.receipt")]
public sealed record AuditReceipt
{
    /// <summary>Its place.</summary>
    [Id(0)] public required long Seq { get; init; }

    /// <summary>The event's id.</summary>
    [Id(1)] public required string Id { get; init; }

    /// <summary>The hash of its entry, hex.</summary>
    [Id(2)] public required string Hash { get; init; }

    /// <summary>The hash of the entry before it, hex.</summary>
    [Id(3)] public required string PrevHash { get; init; }

    /// <summary>When it was recorded.</summary>
    [Id(4)] public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The size of a tree that holds it.</summary>
    [Id(5)] public required long TreeSize { get; init; }

    /// <summary>The root of that tree, hex.</summary>
    [Id(6)] public required string Root { get; init; }
}

/// <summary>The head of a chain.</summary>
[GenerateSerializer, Immutable, Alias("audit.head")]
public sealed record AuditHead
{
    /// <summary>How many entries there are.</summary>
    [Id(0)] public required long Size { get; init; }

    /// <summary>The hash of the last one, hex; zeros without one.</summary>
    [Id(1)] public required string Hash { get; init; }

    /// <summary>The root of the tree of all of them, hex.</summary>
    [Id(2)] public required string Root { get; init; }

    /// <summary>Whether the store has lost entries that were acknowledged.</summary>
    [Id(3)] public bool IsFrozen { get; init; }
}

/// <summary>Entries as they are stored.</summary>
[GenerateSerializer, Immutable, Alias("audit.page")]
public sealed record AuditPage
{
    /// <summary>The entries, in the order of the chain.</summary>
    [Id(0)] public required IReadOnlyList<byte[]> Entries { get; init; }

    /// <summary>The chain's head when they were read: nothing beyond it is missing.</summary>
    [Id(1)] public required AuditHead Head { get; init; }

    /// <summary>From which place on the regional store holds entries.</summary>
    [Id(2)] public long HeldFrom { get; init; }
}
