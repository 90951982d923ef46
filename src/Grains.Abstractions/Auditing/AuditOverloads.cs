using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>Reasons of a <see cref="ServiceOverloadedException"/> that callers of a chain tell apart.</summary>
public static class AuditOverloads
{
    /// <summary>Another activation has taken the chain over; the next call finds it.</summary>
    public const string Fenced = "audit_fenced";

    /// <summary>The chain is frozen: what was asked for does not come before an operator has mended it.</summary>
    public const string Frozen = "audit_frozen";

    /// <summary>The chain's activation is on its way out, or entries are on theirs to the archive: soon over.</summary>
    public const string Moving = "audit_moving";
}
