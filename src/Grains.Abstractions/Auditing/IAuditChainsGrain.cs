namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>What concerns the audit chains of all tenants of one region. The key is the region.</summary>
[Alias("audit.chains-grain")]
public interface IAuditChainsGrain : IGrainWithStringKey
{
    /// <summary>Has the chains looked after from here on, and now.</summary>
    [Alias("watch")]
    Task WatchAsync();

    /// <summary>Looks after them now: checkpoints that are due are signed before it answers.</summary>
    [Alias("sweep"), ResponseTimeout("00:05:00")]
    Task SweepAsync();
}
