using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>
/// Is told of the changes that any process of the region announced, its own included, one call at a time. Every
/// registered observer is told; one that remembers nothing of a kind leaves it out.
/// </summary>
public interface IChangeObserver
{
    /// <summary>What is remembered of this subject is outdated.</summary>
    void SubjectChanged(in RateLimitKey key)
    {
    }

    /// <summary>The tenant's document is now at this version.</summary>
    void TenantChanged(string tenant, string version)
    {
    }

    /// <summary>The tenant's key ring is now at this version.</summary>
    void RingChanged(string tenant, string version)
    {
    }

    /// <summary>An announcement was missed, and nobody knows which: all that is remembered may be outdated.</summary>
    void ChangesMissed();
}
