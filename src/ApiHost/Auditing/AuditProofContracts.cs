using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>That an event is in the tree of a checkpoint.</summary>
internal sealed record ProofResponse
{
    /// <summary>The event's place.</summary>
    public required long Seq { get; init; }

    /// <summary>The hash of its entry, hex.</summary>
    public required string Hash { get; init; }

    /// <summary>The size of the tree.</summary>
    public required long TreeSize { get; init; }

    /// <summary>Its root, hex.</summary>
    public required string Root { get; init; }

    /// <summary>The inclusion proof, from the leaf's sibling up, hex (RFC 6962, section 2.1.1).</summary>
    public required IReadOnlyList<string> Proof { get; init; }

    /// <summary>The tree's checkpoint: a signed note.</summary>
    public required string Checkpoint { get; init; }

    public static ProofResponse Of(AuditProof proof) => new()
    {
        Seq = proof.Seq,
        Hash = Convert.ToHexStringLower(proof.LeafHash),
        TreeSize = proof.Checkpoint.Size,
        Root = Convert.ToHexStringLower(proof.Checkpoint.Root),
        Proof = [.. proof.Hashes.Select(Convert.ToHexStringLower)],
        Checkpoint = proof.Checkpoint.Note,
    };
}

/// <summary>That a tree begins with another one.</summary>
internal sealed record ConsistencyResponse
{
    /// <summary>The size of the smaller tree.</summary>
    public required long First { get; init; }

    /// <summary>Its root, hex.</summary>
    public required string FirstRoot { get; init; }

    /// <summary>The size of the larger tree.</summary>
    public required long Second { get; init; }

    /// <summary>Its root, hex.</summary>
    public required string SecondRoot { get; init; }

    /// <summary>The consistency proof, hex (RFC 6962, section 2.1.2).</summary>
    public required IReadOnlyList<string> Proof { get; init; }

    public static ConsistencyResponse Of(AuditConsistency proof) => new()
    {
        First = proof.First,
        FirstRoot = Convert.ToHexStringLower(proof.FirstRoot),
        Second = proof.Second,
        SecondRoot = Convert.ToHexStringLower(proof.SecondRoot),
        Proof = [.. proof.Hashes.Select(Convert.ToHexStringLower)],
    };
}

/// <summary>Which part of a chain.</summary>
internal sealed record VerifyChainRequest
{
    /// <summary>The first entry. Default: the oldest that is kept.</summary>
    public long? From { get; init; }

    /// <summary>The one after the last entry. Default: the end.</summary>
    public long? To { get; init; }
}

/// <summary>What a verification found.</summary>
internal sealed record ChainVerdictResponse
{
    /// <summary>Whether everything is as it was signed.</summary>
    public required bool Ok { get; init; }

    /// <summary>How many entries were looked at.</summary>
    public required long Checked { get; init; }

    /// <summary>The first entry that was looked at.</summary>
    public required long From { get; init; }

    /// <summary>The head that they were verified against: the last checkpoint's tree.</summary>
    public required HeadResponse Head { get; init; }

    /// <summary>The first fault; null: none.</summary>
    public required FaultResponse? FirstFault { get; init; }
}

/// <summary>What is wrong with a chain.</summary>
/// <param name="Seq">Where.</param>
/// <param name="Kind">edit, delete, reorder or fork.</param>
/// <param name="Expected">What should be there, mostly a hash.</param>
/// <param name="Actual">What is there.</param>
internal sealed record FaultResponse(long Seq, string Kind, string Expected, string Actual);

/// <summary>How long entries are kept.</summary>
internal sealed record RetentionDocument
{
    /// <summary>
    /// How long after they were recorded, days.hours:minutes:seconds; at least a day. Null, the default: for ever.
    /// </summary>
    public TimeSpan? KeepFor { get; init; }

    /// <summary>A legal hold: nothing is deleted, whatever keepFor says. Default: false.</summary>
    public bool LegalHold { get; init; }

    /// <summary>Why it is held. Up to 256 characters.</summary>
    public string? HoldReason { get; init; }
}

/// <summary>Whether entries may be given up.</summary>
internal sealed record RepairRequest
{
    /// <summary>
    /// How many entries are archived, as an earlier answer said: those behind them may be given up. Default: none may.
    /// </summary>
    public long? GiveUpFrom { get; init; }
}

/// <summary>What became of a repair.</summary>
internal sealed record RepairResponse
{
    /// <summary>sound, continued or restored.</summary>
    public required string Outcome { get; init; }

    /// <summary>How many entries the chain has.</summary>
    public required long Size { get; init; }

    /// <summary>How many entries were given up.</summary>
    public required long GivenUp { get; init; }

    /// <summary>Why it was frozen.</summary>
    public string? Fault { get; init; }
}

/// <summary>What the stores hold of a chain.</summary>
internal sealed record ChainStateResponse
{
    /// <summary>The end of the chain in the regional store.</summary>
    public required HeadResponse Head { get; init; }

    /// <summary>Why it is frozen; null: it is not.</summary>
    public required string? Fault { get; init; }

    /// <summary>From which entry on the regional store holds them.</summary>
    public required long HeldFrom { get; init; }

    /// <summary>How many entries are archived; null: the archive does not answer.</summary>
    public required long? Archived { get; init; }

    /// <summary>Entries before this one were deleted.</summary>
    public required long PrunedBefore { get; init; }

    /// <summary>The size of the last checkpoint; null: none yet.</summary>
    public required long? SignedSize { get; init; }

    /// <summary>When that was signed.</summary>
    public required DateTimeOffset? SignedAt { get; init; }
}
