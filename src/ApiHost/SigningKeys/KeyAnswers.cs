using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>What the endpoints of signing keys answer alike.</summary>
internal static class KeyAnswers
{
    private const string Unspecified = "unspecified";
    private const int ReasonLengthMax = 256;

    /// <summary>
    /// The problem of a tenant that cannot be used; null when it can. One that is not known, or not as usable, may have
    /// been made so elsewhere a moment ago.
    /// </summary>
    public static async ValueTask<Problem?> UnusableAsync(this TenantDirectory tenants, string tenant)
    {
        if (!TenantNames.IsTenant(tenant))
        {
            return Problems.TenantNotFound();
        }

        return (await tenants.GetAsync(tenant)).Status is TenantStatus.Active
            ? null
            : (await tenants.ReadAsync(tenant)).Unusable();
    }

    /// <summary>
    /// Whether the tenant exists, disabled or not: its keys may be the reason. What this process knows of it is good
    /// enough, and a revocation should wait for nothing else.
    /// </summary>
    public static async ValueTask<bool> ExistsAsync(this TenantDirectory tenants, string tenant) =>
        TenantNames.IsTenant(tenant)
        && ((await tenants.GetAsync(tenant)).Status is TenantStatus.Active or TenantStatus.Disabled
            || (await tenants.ReadAsync(tenant)).Status is TenantStatus.Active or TenantStatus.Disabled);

    /// <summary>The answer to a change; then this process knows the new ring from here on.</summary>
    public static IResult Conclude(this KeyRingDirectory rings, KeyRingChange change, HttpResponse response)
    {
        rings.Publish(change.Ring);
        if (Fault(change) is { } problem)
        {
            return problem;
        }

        ETags.Write(response, change.Ring.ETag);
        return TypedResults.Ok(KeyResponse.From(change.Ring.Find(change.Number)!));
    }

    public static string ReasonOf(string? reason, out Problem? problem)
    {
        problem = reason is null || (reason.Length is > 0 and <= ReasonLengthMax && !reason.Any(char.IsControl))
            ? null
            : Problems.Invalid("reason", $"must be 1 to {ReasonLengthMax} characters without control characters");
        return reason ?? Unspecified;
    }

    private static Problem? Fault(KeyRingChange change) => change.Outcome switch
    {
        KeyRingOutcome.Done => null,
        KeyRingOutcome.NotFound => Problems.KeyVersionNotFound(),
        KeyRingOutcome.WrongStatus => Problems.KeyWrongStatus(
            KeyVersions.Name(change.Number), KeyStatuses.Tag(change.Ring.Find(change.Number)!.Status)),
        KeyRingOutcome.TooEarly => Problems.KeyTooEarly(),
        KeyRingOutcome.PreconditionFailed => Problems.PreconditionFailed(),
        KeyRingOutcome.TooMany => Problems.TooMany(),
        KeyRingOutcome.Unreadable => Problems.KeyUnreadable(),
        _ => throw new UnreachableException($"Outcome {change.Outcome}"),
    };
}
