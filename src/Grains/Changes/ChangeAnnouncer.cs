using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Changes;

/// <summary>
/// Sends announcements, and a heartbeat when there are none. One message is under way at a time; what is announced
/// meanwhile goes out together in the next. What was not taken is sent again until it is.
/// </summary>
internal sealed partial class ChangeAnnouncer(
    ChangeConnection connection, ChangeMetrics metrics, TimeProvider time, ILogger<ChangeAnnouncer> logger)
    : BackgroundService, IChangeAnnouncer
{
    /// <summary>A storm of refunds is at most so many messages a second.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    /// <summary>Who waits for an announcement waits for two attempts at most.</summary>
    private static readonly TimeSpan AttemptMax = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private Pending _pending = new();
    private long _sequence;
    private bool _isFailing;

    public Task SubjectChangedAsync(RateLimitKey key) => AnnounceAsync(changes => changes.AddSubject(key.ToString()));

    public Task TenantChangedAsync(string tenant, string version) =>
        AnnounceAsync(changes => changes.AddTenant(tenant, version));

    public Task RingChangedAsync(string tenant, string version) =>
        AnnounceAsync(changes => changes.AddRing(tenant, version));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var (isSent, hadChanges) = await SendAsync(isLast: false);
            var wait = !isSent ? Task.Delay(ChangeTimes.Heartbeat, time, stoppingToken)
                : hadChanges ? Task.Delay(Pace, time, stoppingToken)
                : NextAnnouncement().WaitAsync(ChangeTimes.Heartbeat, time, stoppingToken);
            await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Said, so that nobody has to wonder about the silence.
        await SendAsync(isLast: true);
    }

    private Task AnnounceAsync(Action<ChangeBatch> add)
    {
        lock (_lock)
        {
            add(_pending.Changes);
            _pending.Announced.TrySetResult();
            return _pending.Sent.Task;
        }
    }

    private Task NextAnnouncement()
    {
        lock (_lock)
        {
            return _pending.Announced.Task;
        }
    }

    private async Task<(bool IsSent, bool HadChanges)> SendAsync(bool isLast)
    {
        Pending sending;
        lock (_lock)
        {
            (sending, _pending) = (_pending, new Pending());
        }

        var sequence = sending.Changes.IsEmpty ? _sequence : _sequence + 1;
        var message = sending.Changes.Message(connection.Self, sequence, time.GetTimestamp());
        var isSent = await TryPublishAsync(message with { IsEcho = !connection.Announces, IsLast = isLast });
        // Spent, sent or not: it may have been taken all the same, and what goes out next can hold more changes. Under
        // the same number, a listener that heard the first of the two would not miss the second.
        _sequence = sequence;
        if (!isSent)
        {
            lock (_lock)
            {
                _pending.Changes.AddOlder(sending.Changes);
            }
        }

        sending.Sent.TrySetResult();
        return (isSent, !sending.Changes.IsEmpty);
    }

    private async Task<bool> TryPublishAsync(ChangeMessage message)
    {
        try
        {
            var redis = await connection.ConnectAsync();
            await redis.GetSubscriber().PublishAsync(connection.Channel, message.Write()).WaitAsync(AttemptMax, time);
            _isFailing = false;
            return true;
        }
#pragma warning disable CA1031 // Whatever failed: it is counted and tried again, and listeners go by what they hear.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.Failed("publish");
            if (!_isFailing)
            {
                // Once per outage: the attempts go on, several a second.
                _isFailing = true;
                LogPublishFailed(failure);
            }

            return false;
        }
    }

    [LoggerMessage(1201, LogLevel.Warning,
        "Announcements of changes do not reach the region's store and are sent again; hosts remember no refusals")]
    private partial void LogPublishFailed(Exception failure);

    private sealed class Pending
    {
        public ChangeBatch Changes { get; } = new();

        public TaskCompletionSource Announced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
