using System.Text.Json;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>Calls one region's API hosts in turn and writes down what its caller saw.</summary>
internal sealed class LimitClient(ChaosCluster cluster, HistoryClock clock)
{
    private int _calls;

    public async Task<LimitCall> CallAsync(Limit limit, string subject, int cost)
    {
        var host = cluster.Hosts[_calls++ % cluster.Hosts.Length];
        var call = new LimitCall
        {
            Limit = limit,
            Subject = subject,
            Region = cluster.Region,
            Cost = cost,
            Start = clock.Now,
            End = default,
            Outcome = CallOutcome.Unknown,
        };
        try
        {
            var (status, body) = await host.CheckAsync(LoadPolicies.Tenant, limit.Policy, subject, cost);
            return Answered(call, status, body) with { End = clock.Now };
        }
        catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException)
        {
            return call with { End = clock.Now };
        }
    }

    private static LimitCall Answered(LimitCall call, int status, JsonElement body)
    {
        var code = Text(body, "code") ?? Text(body, "reason");
        var outcome = (status, code) switch
        {
            (200, _) => CallOutcome.Admitted,
            (429, "rate_limited") => CallOutcome.Refused,
            (429, "service_overloaded") => CallOutcome.Overloaded,
            _ => CallOutcome.Broken,
        };
        return call with
        {
            Outcome = outcome,
            Answer = new LimitAnswer(status)
            {
                Code = outcome is CallOutcome.Overloaded or CallOutcome.Refused ? Text(body, "reason") : code,
                EffectiveLimit = Number(body, "effectiveLimit"),
                Remaining = Number(body, "remaining"),
                Cold = IsTrue(body, "cold"),
                Degraded = IsTrue(body, "degraded"),
                IsNotApplied = Text(body, "applied") == "no",
                Detail = outcome is CallOutcome.Broken ? $"{body}" : null,
            },
        };
    }

    private static string? Text(JsonElement body, string name) => Member(body, name)?.GetString();

    private static int Number(JsonElement body, string name) => Member(body, name)?.GetInt32() ?? 0;

    private static bool IsTrue(JsonElement body, string name) => Member(body, name)?.GetBoolean() ?? false;

    private static JsonElement? Member(JsonElement body, string name) =>
        body.ValueKind is JsonValueKind.Object && body.TryGetProperty(name, out var value) ? value : null;
}
