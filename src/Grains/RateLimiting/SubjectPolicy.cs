using System.Net;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// What one policy means for one subject: its override found, its networks parsed, once per policy change.
/// </summary>
internal sealed class SubjectPolicy
{
    private readonly CidrBlock[] _allow;
    private readonly CidrBlock[] _deny;
    private readonly long _coldLimit;

    public SubjectPolicy(RateLimitPolicy policy, in RateLimitKey key)
    {
        Policy = policy;
        var best = OverrideFor(policy, key);
        (Limit, Window) = (best?.Limit ?? policy.Limit, best?.Window ?? policy.Window);
        _coldLimit = Quota.Cold(Limit, policy.ColdStart.Factor);
        _allow = Parse(policy.Allow);
        _deny = Parse(policy.Deny);
    }

    public RateLimitPolicy Policy { get; }

    public long Limit { get; }

    public TimeSpan Window { get; }

    /// <summary>
    /// The quota now. A region of unknown age is as cold as one that starts now; an unknown history is cold for one
    /// window, as the policy says.
    /// </summary>
    public Quota QuotaAt(long nowMs, long? regionStartedMs, long unknownUntilMs)
    {
        var coldMs = (long)Policy.ColdStart.Duration.TotalMilliseconds;
        // A start in the future is a clock that was set back: the age is unknown, not negative.
        var coldUntil = coldMs == 0 ? 0 : Math.Min(regionStartedMs ?? nowMs, nowMs) + coldMs;
        if (Policy.OnStoreFailure is not StoreFailureMode.Allow)
        {
            coldUntil = Math.Max(coldUntil, unknownUntilMs);
        }

        return new Quota(Policy.Algorithm, Limit, _coldLimit, (long)Window.TotalMilliseconds, coldUntil);
    }

    /// <summary>What the policy's lists say of an address: allow wins over deny, and both over counting.</summary>
    public RateLimitReason Listed(string? address)
    {
        if ((_allow.Length == 0 && _deny.Length == 0) || address is null
            || !ClientAddress.TryParse(address, out var parsed, out _))
        {
            return RateLimitReason.None;
        }

        return Contains(_allow, parsed) ? RateLimitReason.AllowListed
            : Contains(_deny, parsed) ? RateLimitReason.DenyListed
            : RateLimitReason.None;
    }

    /// <summary>The override that fits a subject best; null when the policy's own limit holds.</summary>
    public static PolicyOverride? OverrideFor(RateLimitPolicy policy, in RateLimitKey key)
    {
        var (best, bestLength) = (default(PolicyOverride), -1);
        foreach (var entry in policy.Overrides)
        {
            var length = MatchLength(entry, key);
            if (length > bestLength)
            {
                (best, bestLength) = (entry, length);
            }
        }

        return best;
    }

    /// <summary>How closely an override fits: -1 not at all.</summary>
    private static int MatchLength(PolicyOverride entry, in RateLimitKey key) => key.Kind switch
    {
        SubjectKind.Opaque when entry.Subject == key.Subject => 0,
        SubjectKind.Address when entry.Cidr is { } cidr
            && CidrBlock.TryParse(cidr, out var block, out _)
            && ClientAddress.TryParse(key.Subject.Split('/')[0], out var address, out _)
            && block.Contains(address) => block.PrefixLength,
        _ => -1,
    };

    private static bool Contains(CidrBlock[] blocks, IPAddress address)
    {
        foreach (var block in blocks)
        {
            if (block.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private static CidrBlock[] Parse(IReadOnlyList<string> networks)
    {
        var blocks = new List<CidrBlock>(networks.Count);
        foreach (var network in networks)
        {
            // Policies are validated before they are stored: all of them parse.
            if (CidrBlock.TryParse(network, out var block, out _))
            {
                blocks.Add(block);
            }
        }

        return [.. blocks];
    }
}
