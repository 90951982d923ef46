using System.Threading.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Resilience;

/// <summary>
/// How many commands of this process one store may have at the same time. The client of a Redis has one connection and
/// queues without end; so the bound is here, with a short queue in front.
/// </summary>
internal sealed class StoreGate : IDisposable
{
    /// <summary>Why a command that found no place was not sent to a Redis.</summary>
    public const string Reason = "redis_pool_exhausted";

    private readonly ConcurrencyLimiter _limiter;
    private readonly string _store;
    private readonly string _exhausted;
    private readonly OverloadOptions _options;
    private readonly OverloadMetrics _metrics;
    private readonly TimeProvider _time;

    public StoreGate(
        string store, OverloadOptions options, OverloadMetrics metrics, TimeProvider time, FailureRules? rules = null)
    {
        (_store, _options, _metrics, _time) = (store, options, metrics, time);
        _exhausted = (rules ?? FailureRules.Redis).PoolExhausted;
        _limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = options.StoreInFlightMax,
            QueueLimit = options.StoreQueueMax,
            // Under overload the newest has the most of its time left; the oldest gives up soon.
            QueueProcessingOrder = QueueProcessingOrder.NewestFirst,
        });
        metrics.Watch(store, () => options.StoreInFlightMax, InUse, () => (int)Statistics.CurrentQueuedCount);
    }

    private RateLimiterStatistics Statistics => _limiter.GetStatistics()!;

    /// <summary>Waits for a place, a short while at most. To be disposed when the command has ended.</summary>
    /// <exception cref="ServiceOverloadedException">There is none: nothing was sent.</exception>
    public async ValueTask<RateLimitLease> EnterAsync()
    {
        var lease = _limiter.AttemptAcquire();
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        var since = _time.GetTimestamp();
        using var patience = new CancellationTokenSource(_options.StoreQueueWait, _time);
        try
        {
            lease = await _limiter.AcquireAsync(1, patience.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Exhausted("wait");
        }

        if (!lease.IsAcquired)
        {
            throw Exhausted("queue_full");
        }

        _metrics.PoolWaited(_store, _time.GetElapsedTime(since));
        return lease;
    }

    public void Dispose() => _limiter.Dispose();

    private int InUse() => _options.StoreInFlightMax - (int)Statistics.CurrentAvailablePermits;

    private ServiceOverloadedException Exhausted(string reason)
    {
        _metrics.PoolTimedOut(_store, reason);
        return new ServiceOverloadedException(_exhausted, Applied.No);
    }
}
