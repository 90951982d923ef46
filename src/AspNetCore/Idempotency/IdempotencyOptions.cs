using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>How a service keeps its endpoints idempotent.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>
    /// Whose key it is: two callers may use the same one. Default: the authenticated user's
    /// <see cref="ClaimTypes.NameIdentifier"/>, <c>sub</c> or name; all callers that are not authenticated are one.
    /// </summary>
    public Func<HttpContext, string?> Scope { get; set; } = static context =>
        context.User.Identity is not { IsAuthenticated: true } identity ? null
            : context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? context.User.FindFirstValue("sub")
                ?? identity.Name;

    /// <summary>
    /// Whether an exception of an endpoint says that nothing was done: the key is given back. Default: a request that
    /// could not be read.
    /// </summary>
    public Func<Exception, bool> HadNoEffect { get; set; } = static failure => failure is BadHttpRequestException;

    /// <summary>How long <c>Prefer: wait=N</c> makes a request wait for another at most. Default: 30 s.</summary>
    public TimeSpan WaitMax { get; set; } = TimeSpan.FromSeconds(30);
}
