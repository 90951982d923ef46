using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>
/// Tells every process of the region that something it may remember is outdated. An announcement is sent until the
/// region's store took it. The task ends when it was sent once, well or not, and never fails: who must have others told
/// before it answers awaits it, everybody else goes on.
/// </summary>
public interface IChangeAnnouncer
{
    /// <summary>The use of one subject went down: it was reset, or units were given back.</summary>
    Task SubjectChangedAsync(RateLimitKey key);

    /// <summary>A tenant's document was written and is now at this version.</summary>
    Task TenantChangedAsync(string tenant, string version);

    /// <summary>A tenant's key ring was written and is now at this version.</summary>
    Task RingChangedAsync(string tenant, string version);
}
