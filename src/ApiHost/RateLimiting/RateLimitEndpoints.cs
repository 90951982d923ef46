using System.Runtime.CompilerServices;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Checks, refunds and resets.</summary>
internal static class RateLimitEndpoints
{
    public static void MapRateLimiting(this IEndpointRouteBuilder routes)
    {
        const string Prefix = "/v1/tenants/{tenant}/rate-limits/{policy}";
        routes.MapPost($"{Prefix}/check", CheckAsync).WithTags("Rate limiting").WithName("Check")
            .RequireScope(Scopes.RateLimitCheck).Does(RouteClass.Check)
            .Produces<CheckResponse>().Produces<CheckProblem>(429, "application/problem+json")
            .ProducesProblems(400, 404, 413, 415);
        var group = routes.MapGroup(Prefix).WithTags("Rate limiting").TakesTurns();
        group.MapPost("/refund", RefundAsync).WithName("Refund").RequireScope(Scopes.RateLimitCheck)
            .TakesIdempotencyKeyOnce()
            .Produces<CheckResponse>().ProducesProblems(400, 404, 409, 413, 415, 422);
        group.MapPost("/reset", ResetAsync).WithName("Reset").RequireScope(Scopes.RateLimitWrite)
            .TakesIdempotencyKey()
            .Produces<CheckResponse>().ProducesProblems(400, 404, 409, 413, 415, 422);
    }

    /// <summary>Decide on one call</summary>
    /// <remarks>
    /// Counts the call if it is admitted and answers 200, or 429 with the exact time after which the same call is
    /// admitted. A refused call counts nothing. Cost 0 is a peek: it counts nothing and answers as a call of cost 1
    /// would be answered. The answer carries <c>RateLimit</c> and <c>RateLimit-Policy</c>
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    /// </remarks>
    internal static ValueTask<IResult> CheckAsync(
        string tenant, string policy, CheckRequest request, TenantDirectory tenants, RateLimitChecks checks)
    {
        // The fast path knows the policy already; otherwise it may have been created elsewhere a moment ago.
        if (!tenants.TryGet(tenant, out var document, out var knownFor) || !document.Policies.ContainsKey(policy))
        {
            return new ValueTask<IResult>(CheckSlowAsync(tenant, policy, request, tenants, checks));
        }

        if (TryRead(document, policy, knownFor, request, out var call) is { } refusal)
        {
            return ValueTask.FromResult<IResult>(refusal);
        }

        return checks.Find(call, out var ticket) is { } denial
            ? new ValueTask<IResult>(denial.ResultFor(call.Cost))
            : AnswerAsync(call.Key.Policy, checks.AskAsync(call, ticket));
    }

    /// <summary>Give units back</summary>
    /// <remarks>
    /// For a call that was admitted and then did not happen. Never below zero in use. Answers with what is left.
    /// </remarks>
    internal static async Task<IResult> RefundAsync(
        string tenant, string policy, RefundRequest request, TenantDirectory tenants, RateLimitChecks checks)
    {
        var document = await tenants.FindAsync(tenant);
        if (Find(document, policy, out var entry) is { } notFound)
        {
            return notFound;
        }

        if ((SubjectReader.TryRead(request, tenant, policy, entry.Policy, out var key, out _)
            ?? SubjectReader.CostFault(request.Cost, min: 1)) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        return Report(policy, await checks.RefundAsync(key, request.Cost));
    }

    /// <summary>Forget a subject's use</summary>
    /// <remarks>The subject has its whole effective limit again. Safe to repeat.</remarks>
    internal static async Task<IResult> ResetAsync(
        string tenant, string policy, SubjectRequest request, TenantDirectory tenants, RateLimitChecks checks)
    {
        var document = await tenants.FindAsync(tenant);
        if (Find(document, policy, out var entry) is { } notFound)
        {
            return notFound;
        }

        if (SubjectReader.TryRead(request, tenant, policy, entry.Policy, out var key, out _) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        return Report(policy, await checks.ResetAsync(key));
    }

    private static async Task<IResult> CheckSlowAsync(
        string tenant, string policy, CheckRequest request, TenantDirectory tenants, RateLimitChecks checks)
    {
        var document = await tenants.FindAsync(tenant);
        return TryRead(document, policy, TimeSpan.Zero, request, out var call) is { } refusal
            ? refusal
            : Answer(call.Key.Policy, await checks.AskAsync(call, ticket: default));
    }

    // Given the call itself instead, it would carry all of it across the wait.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<IResult> AnswerAsync(string policy, ValueTask<RateLimitDecision> asked) =>
        Answer(policy, await asked);

    private static Problem? TryRead(
        TenantSnapshot? document, string policy, TimeSpan knownFor, CheckRequest request, out CheckCall call)
    {
        call = default;
        if (Find(document, policy, out var entry) is { } notFound)
        {
            return notFound;
        }

        if ((SubjectReader.TryRead(request, document!.Tenant, policy, entry.Policy, out var key, out var address)
            ?? SubjectReader.CostFault(request.Cost, min: 0)) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        call = new CheckCall(key, entry.Policy, knownFor, request.Cost, address);
        return null;
    }

    private static Problem? Find(TenantSnapshot? document, string policy, out PolicyEntry entry)
    {
        entry = null!;
        return document.Unusable()
            ?? (document!.Policies.TryGetValue(policy, out entry!) ? null : Problems.PolicyNotFound());
    }

    private static IResult Answer(
        string policy, in RateLimitDecision decision, Applied applied = Applied.No) => decision.Reason switch
    {
        RateLimitReason.UnknownPolicy => Problems.PolicyNotFound(),
        RateLimitReason.StoreUnavailable =>
            Problems.Overloaded("store_unavailable", applied, TimeSpan.FromSeconds(5)),
        _ => new CheckResult(policy, decision),
    };

    /// <summary>A refund or reset succeeded whatever is left: it answers what a peek would say, never 429.</summary>
    private static IResult Report(string policy, in RateLimitDecision decision)
    {
        var peek = decision with
        {
            Allowed = decision.Allowed || decision.Reason is RateLimitReason.OverLimit or RateLimitReason.DenyListed,
        };
        return Answer(policy, peek, Applied.Unknown);
    }
}
