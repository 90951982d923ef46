using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Auditing.Checkers;

internal enum AuditOutcome
{
    None = 0,

    /// <summary>Acknowledged: it stands at this place.</summary>
    Recorded,

    /// <summary>Certainly not recorded.</summary>
    NotApplied,

    /// <summary>Nobody but the chain knows.</summary>
    Unknown,
}

/// <summary>One attempt to record an event; others can have the same id.</summary>
internal sealed record AuditCall(string Id, TimeSpan Start, TimeSpan End, AuditOutcome Outcome) : IOperation
{
    /// <summary>Recorded only.</summary>
    public long Seq { get; init; }

    /// <summary>Recorded only.</summary>
    public string? Hash { get; init; }

    public override string ToString() => $"{Id} {Outcome} {(Outcome is AuditOutcome.Recorded ? $"at {Seq} {Hash}" : "")}";
}

/// <summary>One entry, as it was read when all was over.</summary>
/// <param name="Hash">Of its bytes.</param>
/// <param name="StatedHash">What the API says that it is.</param>
/// <param name="IsOwn">Whether the service recorded it of itself.</param>
internal sealed record ChainEntry(
    long Seq, string Tenant, string Id, string Previous, string Hash, string StatedHash, bool IsOwn);
