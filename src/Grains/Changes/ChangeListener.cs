using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using StackExchange.Redis;

namespace Gatehouse.Grains.Changes;

/// <summary>Hears the region's announcements, tells the observers, and keeps <see cref="ChangeWatch"/>.</summary>
internal sealed partial class ChangeListener(
    ChangeConnection connection, ChangeFeed feed, IEnumerable<IChangeObserver> observers, ChangeMetrics metrics,
    TimeProvider time, ILogger<ChangeListener> logger) : BackgroundService
{
    /// <summary>A process that starts is quicker than its connection; that is nobody's trouble.</summary>
    private const int QuietAttempts = 10;

    private static readonly TimeSpan SoonAgain = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly IChangeObserver[] _observers = observers.ToArray();
    private readonly ChangeWatch _watch = new(
        connection.Self, Timestamps(ChangeTimes.CurrentFor, time), Timestamps(ChangeTimes.GoneAfter, time));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var redis = await connection.ConnectAsync();
        // A shortcut only: what is heard, and what is not, says the same a little later.
        redis.ConnectionFailed += (_, _) => Disconnect();
        var messages = await SubscribeAsync(redis, stoppingToken);
        while (true)
        {
            Hear((await messages.ReadAsync(stoppingToken)).Message);
        }
    }

    /// <summary>Once subscribed, the client subscribes by itself again whenever it connects.</summary>
    private async Task<ChannelMessageQueue> SubscribeAsync(ConnectionMultiplexer redis, CancellationToken stoppingToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await redis.GetSubscriber().SubscribeAsync(connection.Channel);
            }
            catch (Exception failure) when (failure is RedisException or TimeoutException)
            {
                metrics.Failed("subscribe");
                if (attempt == QuietAttempts)
                {
                    LogSubscribeFailed(failure.Message);
                }

                await Task.Delay(attempt <= QuietAttempts ? SoonAgain : ChangeTimes.SeenWithin, time, stoppingToken);
            }
        }
    }

    private void Hear(byte[]? bytes)
    {
        if (!ChangeMessage.TryRead(bytes, out var message))
        {
            // From a version that speaks otherwise: what it meant is not known.
            metrics.Failed("read");
            Miss();
            return;
        }

        lock (_lock)
        {
            var missed = _watch.Hear(message);
            if (missed || message.Everything)
            {
                Miss();
            }

            // First the observers: from the moment it is current, nothing that is outdated may be left.
            Tell(message);
            feed.CurrentUntil = _watch.CurrentUntil;
        }
    }

    private void Tell(ChangeMessage message)
    {
        foreach (var subject in message.Subjects ?? [])
        {
            if (RateLimitKey.TryParse(subject, out var key))
            {
                foreach (var observer in _observers)
                {
                    observer.SubjectChanged(key);
                }
            }
        }

        foreach (var (tenant, version) in message.Tenants ?? new Dictionary<string, string>())
        {
            foreach (var observer in _observers)
            {
                observer.TenantChanged(tenant, version);
            }
        }

        foreach (var (tenant, version) in message.Rings ?? new Dictionary<string, string>())
        {
            foreach (var observer in _observers)
            {
                observer.RingChanged(tenant, version);
            }
        }
    }

    private void Miss()
    {
        metrics.Missed();
        foreach (var observer in _observers)
        {
            observer.ChangesMissed();
        }
    }

    private void Disconnect()
    {
        lock (_lock)
        {
            _watch.Disconnect();
            feed.CurrentUntil = 0;
        }
    }

    private static long Timestamps(TimeSpan span, TimeProvider time) =>
        (long)(span.TotalSeconds * time.TimestampFrequency);

    [LoggerMessage(1202, LogLevel.Warning,
        "The region's announcements cannot be listened to yet; refusals are not remembered meanwhile: {Failure}")]
    private partial void LogSubscribeFailed(string failure);
}
