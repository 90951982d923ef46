using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.Idempotency.Checkers;

namespace Gatehouse.Chaos.Tests.Idempotency.Load;

/// <summary>The steps of a claim, over the API, written down.</summary>
internal sealed class IdempotencyClient(RecordingClient http, string tenant, ConcurrentQueue<IdempotencyCall> calls)
{
    private const string Routes = "/v1/tenants/{tenant}/idempotency";
    private const string Endpoint = "POST /orders";
    // Short, so that what a dead owner leaves behind is met while the run lasts; longer than any answer takes.
    private const int LeaseMs = 12_000;

    /// <summary>An owner of its own for each caller: asked again, it finds the claim that it has made already.</summary>
    public Task<IdempotencyCall> BeginAsync(string key, string caller, string fingerprint) => StepAsync(
        IdempotencyStep.Begin, key, caller, fingerprint, JsonSerializer.Serialize(new
        {
            endpoint = Endpoint,
            path = "/orders",
            key,
            fingerprint,
            owner = $"{key}-{caller}",
            leaseMs = LeaseMs,
        }));

    public Task<IdempotencyCall> CompleteAsync(IdempotencyCall begun, string body) => StepAsync(
        IdempotencyStep.Complete, begun.Key, begun.Caller, begun.Fingerprint, JsonSerializer.Serialize(new
        {
            endpoint = Endpoint,
            key = begun.Key,
            epoch = begun.Epoch,
            response = new { status = 201, body = Convert.ToBase64String(Encoding.UTF8.GetBytes(body)) },
        }));

    public Task<IdempotencyCall> ReleaseAsync(IdempotencyCall begun) => StepAsync(
        IdempotencyStep.Release, begun.Key, begun.Caller, begun.Fingerprint,
        JsonSerializer.Serialize(new { endpoint = Endpoint, key = begun.Key, epoch = begun.Epoch }));

    private async Task<IdempotencyCall> StepAsync(
        IdempotencyStep step, string key, string caller, string fingerprint, string request)
    {
        var (sent, body) = await http.PostAsync($"{Routes}/{step.ToString().ToLowerInvariant()}", [tenant], request);
        var outcome = OutcomeOf(sent, body, step);
        var call = new IdempotencyCall(key, caller, fingerprint, step)
        {
            Start = sent.Start,
            End = sent.End,
            Outcome = outcome,
            Epoch = outcome is IdempotencyOutcome.Started ? body.GetProperty("epoch").GetInt64() : 0,
            Body = outcome is IdempotencyOutcome.Replayed ? Replayed(body) : null,
        };
        calls.Enqueue(call);
        return call;
    }

    private static string Replayed(JsonElement body) => Encoding.UTF8.GetString(Convert.FromBase64String(
        body.GetProperty("response").GetProperty("body").GetString()!));

    private static IdempotencyOutcome OutcomeOf(HttpCall sent, JsonElement body, IdempotencyStep step) =>
        (step, sent.Status, sent.Code) switch
        {
            (IdempotencyStep.Begin, 200, _) => body.GetProperty("state").GetString() == "started"
                ? IdempotencyOutcome.Started : IdempotencyOutcome.Replayed,
            (IdempotencyStep.Complete, 200, _) => IdempotencyOutcome.Completed,
            (IdempotencyStep.Release, 200, _) => IdempotencyOutcome.Released,
            (_, 409, "idempotency_in_progress") => IdempotencyOutcome.InProgress,
            (_, 409, "idempotency_outcome_unknown") => IdempotencyOutcome.Held,
            (_, 409, "idempotency_stale") => IdempotencyOutcome.Stale,
            (_, 422, _) => IdempotencyOutcome.Mismatch,
            _ => sent.IsNotApplied ? IdempotencyOutcome.NotApplied : IdempotencyOutcome.Unknown,
        };
}
