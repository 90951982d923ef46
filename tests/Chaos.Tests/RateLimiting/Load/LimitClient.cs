using System.Text.Json;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Load;

/// <summary>Checks limits in one region and writes down what its caller saw.</summary>
internal sealed class LimitClient(RecordingClient http, string tenant)
{
    private const string Route = "/v1/tenants/{tenant}/rate-limits/{policy}/check";

    public async Task<LimitCall> CallAsync(Limit limit, string subject, int cost)
    {
        var (sent, body) = await http.PostAsync(
            Route, [tenant, limit.Policy], $$"""{"subject":"{{subject}}","cost":{{cost}}}""");
        var call = new LimitCall
        {
            Limit = limit,
            Subject = subject,
            Region = http.Region,
            Cost = cost,
            Start = sent.Start,
            End = sent.End,
            Outcome = sent switch
            {
                { Status: null } => CallOutcome.Unknown,
                { Status: 200 } => CallOutcome.Admitted,
                { Status: 429, Code: "rate_limited" } => CallOutcome.Refused,
                { IsOverloaded: true } => CallOutcome.Overloaded,
                _ => CallOutcome.Broken,
            },
        };
        return sent.Status is { } status ? call with { Answer = Answer(sent, status, call.Outcome, body) } : call;
    }

    private static LimitAnswer Answer(HttpCall sent, int status, CallOutcome outcome, JsonElement body) => new(status)
    {
        Code = outcome is CallOutcome.Overloaded or CallOutcome.Refused
            ? Member(body, "reason")?.GetString() : sent.Code ?? Member(body, "reason")?.GetString(),
        EffectiveLimit = Member(body, "effectiveLimit")?.GetInt32() ?? 0,
        Remaining = Member(body, "remaining")?.GetInt32() ?? 0,
        Cold = Member(body, "cold")?.GetBoolean() ?? false,
        Degraded = Member(body, "degraded")?.GetBoolean() ?? false,
        IsNotApplied = sent.Applied == "no",
        Detail = outcome is CallOutcome.Broken ? $"{body}" : null,
    };

    private static JsonElement? Member(JsonElement body, string name) =>
        body.ValueKind is JsonValueKind.Object && body.TryGetProperty(name, out var value) ? value : null;
}
