using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Finds the one counter that a request speaks of.</summary>
internal static class SubjectReader
{
    private const int SubjectLengthMax = 256;
    private const long CostMax = 1_000_000_000;

    public static FieldFault? TryRead(
        SubjectRequest request, string tenant, string name, RateLimitPolicy policy,
        out RateLimitKey key, out string? address)
    {
        (key, address) = (default, null);
        if (request.Ip is null == request.Subject is null)
        {
            return new FieldFault("ip", "or subject is required, and only one of them");
        }

        if (request.Subject is { } subject)
        {
            key = new RateLimitKey(tenant, name, SubjectKind.Opaque, subject);
            return SubjectFault(subject);
        }

        if (!ClientAddress.TryParse(request.Ip!, out var parsed, out var rule))
        {
            return new FieldFault("ip", rule!);
        }

        // Lists can name single addresses of one IPv6 subject, so the grain needs the address too.
        address = policy.Allow.Count + policy.Deny.Count == 0 ? null : request.Ip;
        var canonical = ClientAddress.Subject(parsed, policy.Ipv6Prefix);
        key = new RateLimitKey(tenant, name, SubjectKind.Address, canonical);
        return null;
    }

    public static FieldFault? CostFault(long cost, long min) =>
        cost < min || cost > CostMax ? new FieldFault("cost", $"must be between {min} and {CostMax}") : null;

    private static FieldFault? SubjectFault(string subject)
    {
        if (subject.Length is 0 or > SubjectLengthMax)
        {
            return new FieldFault("subject", $"must be 1 to {SubjectLengthMax} characters");
        }

        for (var i = 0; i < subject.Length; i++)
        {
            if (char.IsSurrogatePair(subject, i))
            {
                i++;
            }
            else if (char.IsControl(subject[i]) || char.IsSurrogate(subject[i]))
            {
                return new FieldFault("subject", "must not hold control characters or broken surrogates");
            }
        }

        return null;
    }
}
