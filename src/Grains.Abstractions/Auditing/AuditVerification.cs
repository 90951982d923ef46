namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>How far a verification has come, and what it found.</summary>
[GenerateSerializer, Immutable, Alias("audit.verification")]
public sealed record AuditVerification
{
    /// <summary>The first entry that is verified.</summary>
    [Id(0)] public required long From { get; init; }

    /// <summary>The one after the last entry; null: not found out yet.</summary>
    [Id(1)] public long? To { get; init; }

    /// <summary>How far it has come.</summary>
    [Id(2)] public required long Next { get; init; }

    /// <summary>The hash of the entry before that, hex.</summary>
    [Id(3)] public string Previous { get; init; } = "";

    /// <summary>The tree of everything before that: the roots of its full subtrees.</summary>
    [Id(4)] public byte[] Frontier { get; init; } = [];

    /// <summary>Whether it is at its end: all is verified, or a fault was found.</summary>
    [Id(5)] public bool IsDone { get; init; }

    /// <summary>The first fault; null: none.</summary>
    [Id(6)] public AuditFault? Fault { get; init; }

    /// <summary>The head that was verified against: the last checkpoint's.</summary>
    [Id(7)] public AuditHead? Head { get; init; }

    /// <summary>The verification of a range.</summary>
    public static AuditVerification Of(long from, long? to) => new() { From = from, To = to, Next = from };
}

/// <summary>What is wrong with a chain.</summary>
/// <param name="Seq">The place.</param>
/// <param name="Kind">edit, delete, reorder or fork.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Actual">What is there.</param>
[GenerateSerializer, Immutable, Alias("audit.fault")]
public sealed record AuditFault(
    [property: Id(0)] long Seq, [property: Id(1)] string Kind, [property: Id(2)] string Expected,
    [property: Id(3)] string Actual);
