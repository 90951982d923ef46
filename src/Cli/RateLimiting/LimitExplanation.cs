using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Cli.RateLimiting;

/// <summary>What is known of a limit.</summary>
/// <param name="Tenant">Whose policy it is.</param>
/// <param name="Name">The policy's name.</param>
/// <param name="Policy">The policy.</param>
/// <param name="Subject">The caller; null when none was named.</param>
/// <param name="Region">The region that answered.</param>
/// <param name="Decision">What a peek answered.</param>
internal sealed record LimitFacts(
    string Tenant, string Name, RateLimitPolicy Policy, Subject? Subject, JsonNode? Region, JsonNode? Decision);

/// <summary>Says what applies to a caller and why, with the very rules that the silo decides by.</summary>
internal static class LimitExplanation
{
    public static IReadOnlyList<(string About, string Says)> Of(LimitFacts facts)
    {
        var policy = facts.Policy;
        var mode = policy.Mode is EnforcementMode.Shadow ? ", shadow: it refuses nobody" : "";
        List<(string, string)> lines = [("policy", $"{facts.Name} of {facts.Tenant}: "
            + $"{Limit(policy.Limit, policy.Window)}, {Word(policy.Algorithm)}{mode}")];
        var limit = policy.Limit;
        if (facts.Subject is { } subject)
        {
            var key = subject.KeyFor(facts.Tenant, facts.Name, policy);
            var applied = new SubjectPolicy(policy, key);
            limit = applied.Limit;
            lines.Add(("subject", Counted(subject, key)));
            lines.Add(("lists", Listed(policy, applied, subject)));
            lines.Add(("override", Override(policy, key)));
        }

        lines.Add(("region", Region(facts.Region, policy.ColdStart, limit)));
        lines.Add(("all regions", policy.Global.Mode is GlobalMode.Eventual
            ? Invariant($"{limit * policy.Global.Multiplier:0} together (x{policy.Global.Multiplier})")
            : "not limited"));
        lines.Add(("store away", policy.OnStoreFailure switch
        {
            StoreFailureMode.Deny => "refused until the counts can be read",
            StoreFailureMode.Allow => "the full limit, as if nothing had been used",
            _ => Invariant($"{Quota.Cold(limit, policy.ColdStart.Factor)} for one window (reduced)"),
        }));
        lines.AddRange(Now(facts.Decision));
        return lines;
    }

    /// <summary>When the same call would be admitted.</summary>
    public static string? Retry(JsonNode decision) => decision.Flag("allowed") ? null
        : decision.Text("retryAfterMs") is { } wait ? $"{wait} ms" : "never: waiting does not help";

    private static IEnumerable<(string, string)> Now(JsonNode? decision)
    {
        if (decision is null)
        {
            yield break;
        }

        var verdict = decision.Flag("allowed") ? "admitted" : "refused";
        var degraded = decision.Flag("degraded") ? "; its own history could not be used (degraded)" : "";
        yield return ("now", $"{verdict}, {decision.Text("reason")}{degraded}");
        yield return ("effective", $"{decision.Text("effectiveLimit")} of {decision.Text("limit")}"
            + (decision.Flag("cold") ? ", cold" : ""));
        yield return ("remaining", $"{decision.Text("remaining")}, complete in {decision.Text("resetAfterMs")} ms");
        if (Retry(decision) is { } retry)
        {
            yield return ("retry in", retry);
        }
    }

    private static string Counted(Subject subject, in RateLimitKey key) => subject.Address is null
        ? $"the name '{subject.Text}'"
        : key.Subject == subject.Text ? $"the address {subject.Text}"
        : $"the address {subject.Text}, counted as {key.Subject}";

    private static string Listed(RateLimitPolicy policy, SubjectPolicy applied, Subject subject) =>
        applied.Listed(subject.Address?.ToString()) switch
        {
            RateLimitReason.AllowListed => $"allowed by {Network(policy.Allow, subject)}: admitted and not counted",
            RateLimitReason.DenyListed => $"denied by {Network(policy.Deny, subject)}: refused",
            _ when subject.Address is null => "for addresses only",
            _ => $"in none of {policy.Allow.Count} allowed and {policy.Deny.Count} denied networks",
        };

    private static string Network(IReadOnlyList<string> networks, Subject subject) => networks.First(network =>
        CidrBlock.TryParse(network, out var block, out _) && block.Contains(subject.Address!));

    private static string Override(RateLimitPolicy policy, in RateLimitKey key) =>
        SubjectPolicy.OverrideFor(policy, key) is not { } best ? $"none of {policy.Overrides.Count} fits"
        : best.Cidr is null ? $"{Limit(best.Limit, best.Window ?? policy.Window)}, for this name"
        : $"{Limit(best.Limit, best.Window ?? policy.Window)}, the longest network that fits: {best.Cidr}";

    private static string Region(JsonNode? region, ColdStart cold, long limit)
    {
        var name = region.Text("region") ?? "unknown";
        if (cold.Duration == TimeSpan.Zero)
        {
            return $"{name}; this policy has no cold start";
        }

        var cut = Invariant($"x{cold.Factor}: {Quota.Cold(limit, cold.Factor)}");
        if (!long.TryParse(region.Text("ageSeconds"), CultureInfo.InvariantCulture, out var age))
        {
            return $"{name}, of unknown age, and so cold: {cut}";
        }

        var left = cold.Duration - TimeSpan.FromSeconds(age);
        return left > TimeSpan.Zero
            ? $"{name}, {TimeSpan.FromSeconds(age):c} old, cold for {left:c} more: {cut}"
            : $"{name}, {TimeSpan.FromSeconds(age):c} old, warm";
    }

    private static string Limit(long limit, TimeSpan window) => Invariant($"{limit} per {window:c}");

    private static string Word(RateLimitAlgorithm algorithm) => algorithm switch
    {
        RateLimitAlgorithm.TokenBucket => "token-bucket",
        RateLimitAlgorithm.FixedWindow => "fixed-window",
        _ => "sliding-window",
    };

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
