using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>
/// The grain key of one counter: <c>{tenant}/{policy}/{kind}/{subject}</c>. Tenant and policy names hold no slash, so
/// the mapping is injective whatever the subject holds; the kind keeps the subject "203.0.113.7" apart from the
/// address.
/// </summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Kind">What the subject is.</param>
/// <param name="Subject">The canonical subject; empty for <see cref="SubjectKind.Overflow"/>.</param>
public readonly record struct RateLimitKey(string Tenant, string Policy, SubjectKind Kind, string Subject)
{
    /// <summary>The bucket that all subjects of one policy share while the silo tracks as many as it may.</summary>
    public RateLimitKey Overflow => new(Tenant, Policy, SubjectKind.Overflow, "");

    /// <inheritdoc/>
    public override string ToString()
    {
        var kind = Kind switch
        {
            SubjectKind.Address => "/i/",
            SubjectKind.Opaque => "/s/",
            _ => "/o/",
        };
        return string.Concat([Tenant, "/", Policy, kind, Subject]);
    }

    /// <summary>Reads a key back from its text.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RateLimitKey key)
    {
        key = default;
        var parts = text?.Split('/', 4) ?? [];
        if (parts.Length != 4)
        {
            return false;
        }

        SubjectKind? kind = parts[2] switch
        {
            "i" => SubjectKind.Address,
            "s" => SubjectKind.Opaque,
            "o" => SubjectKind.Overflow,
            _ => null,
        };
        key = new RateLimitKey(parts[0], parts[1], kind.GetValueOrDefault(), parts[3]);
        return kind is not null;
    }
}

/// <summary>What the subject of a counter is. Never sent or stored.</summary>
public enum SubjectKind
{
    /// <summary>An IPv4 address or an IPv6 network.</summary>
    Address,

    /// <summary>Any string the caller chose.</summary>
    Opaque,

    /// <summary>All subjects that are not tracked on their own.</summary>
    Overflow,
}
