using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>What a policy must be like to be accepted, through the API and from files alike.</summary>
internal static class PolicyRules
{
    internal const long LimitMax = Quota.LimitMax;
    internal const int ListMax = 1000;
    private const string WindowRule = "must be between 00:00:01 and 31.00:00:00, in whole milliseconds";
    internal const int SubjectLengthMax = 256;
    internal static readonly TimeSpan WindowMin = TimeSpan.FromMilliseconds(Quota.WindowMinMs);
    internal static readonly TimeSpan WindowMax = TimeSpan.FromMilliseconds(Quota.WindowMaxMs);
    internal static readonly TimeSpan ColdDurationMax = TimeSpan.FromDays(1);

    public static List<FieldFault> Validate(string name, RateLimitPolicy policy)
    {
        var faults = new List<FieldFault>();
        Check(TenantNames.IsPolicy(name), "name", TenantNames.PolicyRule);
        CheckLimit("limit", policy.Limit);
        CheckWindow("window", policy.Window);
        Check(Enum.IsDefined(policy.Algorithm) && policy.Algorithm is not RateLimitAlgorithm.None,
            "algorithm", "must be sliding-window, token-bucket or fixed-window");
        Check(policy.ColdStart.Duration >= TimeSpan.Zero && policy.ColdStart.Duration <= ColdDurationMax,
            "coldStart.duration", "must be between 00:00:00 and 1.00:00:00");
        Check(policy.ColdStart.Factor is > 0 and <= 1, "coldStart.factor", "must be above 0 and at most 1");
        Check(policy.Global.Mode is GlobalMode.Off or GlobalMode.Eventual, "global.mode", "must be off or eventual");
        Check(policy.Global.Multiplier is >= 1 and <= 1000, "global.multiplier", "must be between 1 and 1000");
        Check(Enum.IsDefined(policy.OnStoreFailure) && policy.OnStoreFailure is not StoreFailureMode.None,
            "onStoreFailure", "must be reduced, deny or allow");
        Check(Enum.IsDefined(policy.Mode) && policy.Mode is not EnforcementMode.None,
            "mode", "must be enforce or shadow");
        Check(policy.Ipv6Prefix is >= 32 and <= 128, "ipv6Prefix", "must be between 32 and 128");
        CheckNetworks("allow", policy.Allow, faults);
        CheckNetworks("deny", policy.Deny, faults);
        CheckOverrides(policy, faults);
        return faults;

        void Check(bool holds, string field, string rule)
        {
            if (!holds)
            {
                faults.Add(new FieldFault(field, rule));
            }
        }

        void CheckLimit(string field, long limit) =>
            Check(limit is >= 1 and <= LimitMax, field, $"is required and must be between 1 and {LimitMax}");

        void CheckWindow(string field, TimeSpan window) =>
            Check(IsWindow(window), field, $"is required and {WindowRule}");
    }

    private static bool IsWindow(TimeSpan window) =>
        window >= WindowMin && window <= WindowMax && window.Ticks % TimeSpan.TicksPerMillisecond == 0;

    private static void CheckNetworks(string field, IReadOnlyList<string> networks, List<FieldFault> faults)
    {
        if (networks.Count > ListMax)
        {
            faults.Add(new FieldFault(field, $"must not hold more than {ListMax} networks"));
            return;
        }

        for (var i = 0; i < networks.Count; i++)
        {
            // JSON can put a null where the type says string.
            if (!CidrBlock.TryParse(networks[i] ?? "", out _, out var rule))
            {
                faults.Add(new FieldFault($"{field}[{i}]", rule!));
            }
        }
    }

    private static void CheckOverrides(RateLimitPolicy policy, List<FieldFault> faults)
    {
        if (policy.Overrides.Count > ListMax)
        {
            faults.Add(new FieldFault("overrides", $"must not hold more than {ListMax} entries"));
            return;
        }

        for (var i = 0; i < policy.Overrides.Count; i++)
        {
            CheckOverride($"overrides[{i}]", policy.Overrides[i], policy.Ipv6Prefix, faults);
        }
    }

    private static void CheckOverride(string at, PolicyOverride? entry, int ipv6Prefix, List<FieldFault> faults)
    {
        if (entry is null)
        {
            faults.Add(new FieldFault(at, "must not be null"));
            return;
        }

        if (entry.Limit is < 1 or > LimitMax)
        {
            faults.Add(new FieldFault($"{at}.limit", $"is required and must be between 1 and {LimitMax}"));
        }

        if (entry.Window is { } window && !IsWindow(window))
        {
            faults.Add(new FieldFault($"{at}.window", WindowRule));
        }

        if (entry.Cidr is null == entry.Subject is null)
        {
            faults.Add(new FieldFault(at, "must have exactly one of cidr and subject"));
        }

        if (entry.Subject is { } subject && (subject.Length == 0 || subject.Length > SubjectLengthMax))
        {
            faults.Add(new FieldFault($"{at}.subject", $"must be 1 to {SubjectLengthMax} characters"));
        }

        if (entry.Cidr is { } cidr)
        {
            CheckOverrideNetwork($"{at}.cidr", cidr, ipv6Prefix, faults);
        }
    }

    private static void CheckOverrideNetwork(string at, string cidr, int ipv6Prefix, List<FieldFault> faults)
    {
        if (!CidrBlock.TryParse(cidr, out var block, out var rule))
        {
            faults.Add(new FieldFault(at, rule!));
        }
        else if (block.IsIPv6 && block.PrefixLength > ipv6Prefix)
        {
            // All addresses of one subject share a counter, so they must share a limit.
            faults.Add(new FieldFault(at, $"must not be longer than ipv6Prefix ({ipv6Prefix})"));
        }
    }
}
