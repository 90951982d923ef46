using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Tenants;

/// <summary>What the endpoints of a tenant answer alike.</summary>
internal static class TenantAnswers
{
    /// <summary>The tenant with that name as it is now, disabled or not; null when there is none.</summary>
    public static async ValueTask<TenantSnapshot?> FindAsync(this TenantDirectory tenants, string tenant)
    {
        // A name that no tenant can have is not worth a grain.
        var document = TenantNames.IsTenant(tenant) ? await tenants.ReadAsync(tenant) : null;
        return document?.Exists() is true ? document : null;
    }

    /// <summary>Whether the tenant exists, disabled or not.</summary>
    public static bool Exists(this TenantSnapshot tenant) =>
        tenant.Status is TenantStatus.Active or TenantStatus.Disabled;

    /// <summary>The problem of a tenant that cannot be used; null when it can.</summary>
    public static Problem? Unusable(this TenantSnapshot? tenant) => tenant?.Status switch
    {
        TenantStatus.Active => null,
        TenantStatus.Disabled => Problems.TenantDisabled(),
        _ => Problems.TenantNotFound(),
    };

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
    /// Whether the tenant exists, disabled or not, as far as this process knows; only where it does not is its grain
    /// asked.
    /// </summary>
    public static async ValueTask<bool> ExistsAsync(this TenantDirectory tenants, string tenant) =>
        TenantNames.IsTenant(tenant)
        && ((await tenants.GetAsync(tenant)).Exists() || (await tenants.ReadAsync(tenant)).Exists());

    /// <summary>
    /// Whether the tenant exists, disabled or not, for a route that anybody may call. Its answer does not say so; but a
    /// name that nobody has costs what made-up credentials cost, and nothing more is to be looked up for it.
    /// </summary>
    public static async ValueTask<bool> IsKnownAsync(this TenantDirectory tenants, string tenant, HttpContext context)
    {
        if (TenantNames.IsTenant(tenant) && (await tenants.GetAsync(tenant)).Exists())
        {
            return true;
        }

        context.Items[DoorMiddleware.MadeUpName] = true;
        return false;
    }

    /// <summary>
    /// The problem of a change that was not made; null when it was made. Then this process knows the new document from
    /// here on.
    /// </summary>
    public static Problem? Conclude(this TenantDirectory tenants, TenantChange change, Func<Problem> notFound)
    {
        switch (change.Outcome)
        {
            case TenantChangeOutcome.Created or TenantChangeOutcome.Done:
                tenants.Publish(change.Snapshot!);
                return null;
            case TenantChangeOutcome.TenantNotFound:
                return Problems.TenantNotFound();
            case TenantChangeOutcome.NotFound:
                return notFound();
            case TenantChangeOutcome.DeclaredInFile:
                return Problems.DeclaredInFile();
            case TenantChangeOutcome.PreconditionFailed:
                return Problems.PreconditionFailed();
            case TenantChangeOutcome.Invalid:
                return Problems.Invalid(change.Faults);
            case TenantChangeOutcome.TooMany:
                return Problems.TooMany();
            default:
                throw new UnreachableException($"Outcome {change.Outcome}");
        }
    }
}
