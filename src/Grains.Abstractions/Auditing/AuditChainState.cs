namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>A signed checkpoint of a chain.</summary>
[GenerateSerializer, Immutable, Alias("audit.checkpoint")]
public sealed record AuditCheckpoint
{
    /// <summary>The size of the tree.</summary>
    [Id(0)] public required long Size { get; init; }

    /// <summary>Its root.</summary>
    [Id(1)] public required byte[] Root { get; init; }

    /// <summary>When it was signed.</summary>
    [Id(2)] public required DateTimeOffset SignedAt { get; init; }

    /// <summary>The checkpoint itself: a signed note.</summary>
    [Id(3)] public required string Note { get; init; }
}

/// <summary>How long entries are kept, and whether they may be deleted.</summary>
/// <param name="KeepFor">For how long after they were recorded; null: for ever.</param>
/// <param name="IsHeld">A legal hold: nothing is deleted.</param>
/// <param name="HoldReason">Why it is held.</param>
[GenerateSerializer, Immutable, Alias("audit.retention")]
public sealed record AuditRetention(
    [property: Id(0)] TimeSpan? KeepFor, [property: Id(1)] bool IsHeld = false,
    [property: Id(2)] string? HoldReason = null)
{
    /// <summary>Nothing is deleted.</summary>
    public static AuditRetention Forever { get; } = new(KeepFor: null);
}

/// <summary>What is known of a chain's stores.</summary>
[GenerateSerializer, Immutable, Alias("audit.chain-state")]
public sealed record AuditChainState
{
    /// <summary>The end of the chain in the regional store.</summary>
    [Id(0)] public required AuditHead Head { get; init; }

    /// <summary>Why it is frozen; null: it is not.</summary>
    [Id(1)] public string? Fault { get; init; }

    /// <summary>From which place on the regional store holds entries.</summary>
    [Id(2)] public long HeldFrom { get; init; }

    /// <summary>How many entries are archived; null: the archive does not answer.</summary>
    [Id(3)] public long? Archived { get; init; }

    /// <summary>The last checkpoint; null: none yet.</summary>
    [Id(4)] public AuditCheckpoint? Checkpoint { get; init; }

    /// <summary>Entries before this place were deleted.</summary>
    [Id(5)] public long PrunedBefore { get; init; }

    /// <summary>How long entries are kept; null: the archive does not answer.</summary>
    [Id(6)] public AuditRetention? Retention { get; init; }
}

/// <summary>What became of a repair.</summary>
[GenerateSerializer, Alias("audit.repair-outcome")]
public enum AuditRepairOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>There was nothing to repair.</summary>
    Sound = 1,

    /// <summary>The chain goes on as the store holds it.</summary>
    Continued = 2,

    /// <summary>The chain goes on as it is archived.</summary>
    Restored = 3,

    /// <summary>The store holds entries that are not archived; nothing was done.</summary>
    WouldGiveUp = 4,

    /// <summary>The archive holds less than what was signed; nothing was done.</summary>
    WouldContradict = 5,
}

/// <summary>The outcome of a repair.</summary>
[GenerateSerializer, Immutable, Alias("audit.repair")]
public sealed record AuditRepair
{
    /// <summary>What became of it.</summary>
    [Id(0)] public required AuditRepairOutcome Outcome { get; init; }

    /// <summary>The size of the chain, or the one that it would have.</summary>
    [Id(1)] public required long Size { get; init; }

    /// <summary>How many entries were given up, or would have to be.</summary>
    [Id(2)] public long GivenUp { get; init; }

    /// <summary>Why it was frozen.</summary>
    [Id(3)] public string? Fault { get; init; }

    /// <summary>The size of the largest checkpoint that was signed.</summary>
    [Id(4)] public long SignedSize { get; init; }
}
