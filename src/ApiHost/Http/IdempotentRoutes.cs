using Gatehouse.AspNetCore;
using Gatehouse.AspNetCore.Idempotency;

namespace Gatehouse.ApiHost.Http;

/// <summary>Routes of this API that take an <c>Idempotency-Key</c>.</summary>
internal static class IdempotentRoutes
{
    /// <summary>
    /// For a change that does no harm when it is made again, if nobody knows whether it was made. Refusals change
    /// nothing, so they give the key back.
    /// </summary>
    public static RouteHandlerBuilder TakesIdempotencyKey(this RouteHandlerBuilder route) =>
        route.WithIdempotency(static terms =>
            (terms.KeepsRefusals, terms.Abandoned) = (false, AbandonedClaim.Retry));

    /// <summary>For a change that is not made again unless somebody knows that it was not made.</summary>
    /// <param name="route">The route.</param>
    /// <param name="keepsBody">No, where the answer holds a secret.</param>
    public static RouteHandlerBuilder TakesIdempotencyKeyOnce(this RouteHandlerBuilder route, bool keepsBody = true) =>
        route.WithIdempotency(terms =>
            (terms.KeepsRefusals, terms.Abandoned, terms.KeepsBody) = (false, AbandonedClaim.Hold, keepsBody));
}
