using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>Idempotency keys as a service: begin, complete, release, renew, and a look at one.</summary>
internal static class IdempotencyEndpoints
{
    public static void MapIdempotency(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/v1/tenants/{tenant}/idempotency").WithTags("Idempotency");
        all.MapPost("/begin", BeginAsync).WithName("BeginRequest").RequireScope(Scopes.IdempotencyWrite)
            .Produces<BeginResponse>().ProducesProblems(400, 404, 409, 413, 415, 422);
        var group = all.MapGroup("").TakesTurns();
        group.MapPost("/complete", CompleteAsync).WithName("CompleteRequest").RequireScope(Scopes.IdempotencyWrite)
            .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(BodyLimit.BatchBytes))
            .Produces<StepResponse>().ProducesProblems(400, 404, 409, 413, 415);
        group.MapPost("/release", ReleaseAsync).WithName("ReleaseRequest").RequireScope(Scopes.IdempotencyWrite)
            .Produces<StepResponse>().ProducesProblems(400, 404, 409, 413, 415);
        group.MapPost("/renew", RenewAsync).WithName("RenewRequest").RequireScope(Scopes.IdempotencyWrite)
            .Produces<StepResponse>().ProducesProblems(400, 404, 409, 413, 415);
        group.MapGet("/", GetAsync).WithName("GetIdempotencyKey").RequireAdmin()
            .Produces<IdempotencyKeyResponse>().ProducesProblems(400, 404);
    }

    /// <summary>Begin a request once</summary>
    /// <remarks>
    /// 200 <c>started</c>: the key is yours, do it and complete it. 200 <c>completed</c>: it was done, give this answer
    /// again. 409 <c>idempotency_in_progress</c>: it is being done; with <c>Prefer: wait=N</c> (up to 30 s) that is
    /// waited for. 409 <c>idempotency_outcome_unknown</c>: it was begun, and nobody knows how it ended. 422
    /// <c>idempotency_key_reused</c>: the key stands for another request. 429: do not start. Safe to repeat with an
    /// <c>owner</c>; whoever gives up instead releases with it.
    /// </remarks>
    internal static async Task<IResult> BeginAsync(
        string tenant, BeginRequest body, TenantDirectory tenants, IGrainFactory grains, Admission admission,
        HttpRequest request)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        var isRead = EndpointName.TryRead(body.Endpoint, out var endpoint);
        if ((isRead ? IdempotencyRequests.Fault(body) : new FieldFault("endpoint", EndpointName.Rule)) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var lease = IdempotencyRequests.Lease(body.LeaseMs);
        var call = new BeginCall
        {
            Fingerprint = IdempotencyRequests.Fingerprint(body),
            Owner = body.Owner ?? Guid.NewGuid().ToString("n"),
            Lease = lease,
            Abandoned = body.Policy == "retry" ? AbandonedPolicy.Retry : AbandonedPolicy.Hold,
            IsRepeated = body.Owner is not null,
        };
        var key = grains.Idempotency(tenant, endpoint, body.Key!);
        return Answer(await ClaimAsync(key, call, IdempotencyRequests.Wait(request), admission), lease);
    }

    /// <summary>Complete a request that was begun</summary>
    /// <remarks>
    /// Keeps the answer for 24 h; it is given to whoever begins with the key again. 401, 403, 408, 409, 425 and 429
    /// give the key back instead: nothing was done. 5xx say that nobody knows (<c>unknown</c>). Safe to repeat. 409
    /// <c>idempotency_stale</c>: the claim had run out and another one was made, or it has ended otherwise.
    /// </remarks>
    internal static Task<IResult> CompleteAsync(
        string tenant, CompleteRequest body, TenantDirectory tenants, IGrainFactory grains)
    {
        var fault = IdempotencyRequests.Fault(body.Response, out var response);
        return StepAsync(
            tenant, body.Endpoint, body.Key, IdempotencyRequests.EpochFault(body.Epoch) ?? fault, tenants, grains,
            key => key.CompleteAsync(body.Epoch!.Value, response!), "completed");
    }

    /// <summary>Give a key back</summary>
    /// <remarks>
    /// For a request that was begun and had no effect: the next one may begin. Safe to repeat. Whoever sent begin with
    /// an <c>owner</c>, got no answer and does not go on gives that instead of the epoch.
    /// </remarks>
    internal static Task<IResult> ReleaseAsync(
        string tenant, ReleaseRequest body, TenantDirectory tenants, IGrainFactory grains) =>
        StepAsync(
            tenant, body.Endpoint, body.Key, IdempotencyRequests.ClaimFault(body), tenants, grains,
            key => body.Epoch is { } epoch ? key.ReleaseAsync(epoch) : key.GiveBackAsync(body.Owner!), "released");

    /// <summary>Keep a claim for longer</summary>
    /// <remarks>For a request that takes longer than its claim lasts; best at a third of that.</remarks>
    internal static Task<IResult> RenewAsync(
        string tenant, RenewRequest body, TenantDirectory tenants, IGrainFactory grains) =>
        StepAsync(
            tenant, body.Endpoint, body.Key,
            IdempotencyRequests.EpochFault(body.Epoch) ?? IdempotencyRequests.LeaseFault(body.LeaseMs), tenants, grains,
            key => key.RenewAsync(body.Epoch!.Value, IdempotencyRequests.Lease(body.LeaseMs)), "in_progress");

    /// <summary>Look at an idempotency key</summary>
    internal static async Task<IResult> GetAsync(
        string tenant, string? endpoint, string? key, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (!EndpointName.TryRead(endpoint, out var name))
        {
            return Problems.Invalid("endpoint", EndpointName.Rule);
        }

        if (IdempotencyRequests.KeyFault(key) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        return await grains.Idempotency(tenant, name, key!).GetAsync() is { } entry
            ? TypedResults.Ok(new IdempotencyKeyResponse
            {
                State = entry.State,
                Epoch = entry.Epoch,
                Fingerprint = entry.Fingerprint,
                LeaseLeftMs = (long)entry.LeaseLeft.TotalMilliseconds,
                Status = entry.Status == 0 ? null : entry.Status,
            })
            : Problems.IdempotencyKeyNotFound();
    }

    private static IResult Answer(BeginResult result, TimeSpan lease) =>
        result.Outcome switch
        {
            BeginOutcome.Started => new StartedResult(result.Epoch, lease),
            BeginOutcome.Completed or BeginOutcome.Tombstoned => TypedResults.Ok(new BeginResponse
            {
                State = result.Outcome is BeginOutcome.Completed ? "completed" : "tombstoned",
                Epoch = result.Epoch,
                Response = IdempotencyRequests.Document(result.Response!),
            }),
            BeginOutcome.InProgress => IdempotencyProblems.Of(
                new IdempotencyRefusal(RefusalKind.InProgress) { RetryAfter = result.RetryAfter }),
            BeginOutcome.Unknown => IdempotencyProblems.Of(new IdempotencyRefusal(RefusalKind.OutcomeUnknown)),
            BeginOutcome.Mismatch => IdempotencyProblems.Of(new IdempotencyRefusal(RefusalKind.KeyReused)),
            _ => throw new UnreachableException($"Outcome {result.Outcome}"),
        };

    /// <summary>
    /// Who waits has no turn meanwhile: turns are for those, too, who end what is waited for.
    /// </summary>
    private static async Task<BeginResult> ClaimAsync(
        IdempotencyKeyHandle key, BeginCall call, TimeSpan wait, Admission admission)
    {
        var turn = await admission.EnterAsync(RouteClass.Write);
        try
        {
            var result = await key.BeginAsync(call);
            if (result.Outcome is not BeginOutcome.InProgress || wait <= TimeSpan.Zero)
            {
                return result;
            }
        }
        finally
        {
            turn.End(isAnswered: false);
        }

        return await key.BeginAsync(call with { Wait = wait });
    }

    private static async Task<IResult> StepAsync(
        string tenant, string? endpoint, string? key, FieldFault? fault, TenantDirectory tenants, IGrainFactory grains,
        Func<IdempotencyKeyHandle, Task<StepOutcome>> step, string done)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        var isRead = EndpointName.TryRead(endpoint, out var name);
        fault = (isRead ? IdempotencyRequests.KeyFault(key) : new FieldFault("endpoint", EndpointName.Rule)) ?? fault;
        if (fault is not null)
        {
            return Problems.Invalid([fault]);
        }

        return await step(grains.Idempotency(tenant, name, key!)) switch
        {
            StepOutcome.Done => TypedResults.Ok(new StepResponse(done)),
            StepOutcome.Released => TypedResults.Ok(new StepResponse("released")),
            StepOutcome.Unknown => TypedResults.Ok(new StepResponse("unknown")),
            StepOutcome.Stale => Problems.IdempotencyStale(),
            StepOutcome.Absent => Problems.IdempotencyKeyNotFound(),
            var outcome => throw new UnreachableException($"Outcome {outcome}"),
        };
    }
}
