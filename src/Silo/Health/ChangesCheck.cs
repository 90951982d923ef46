using System.Collections.Concurrent;
using Gatehouse.Grains.Changes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Gatehouse.Silo.Health;

/// <summary>
/// Whether a message gets to the regional Redis and back, on a channel of this process's own and the connection of the
/// change channel. Without it hosts hear of changes late, and remember no refusals: nothing wrong is answered.
/// </summary>
internal sealed class ChangesCheck(ChangeConnection connection, TimeProvider time) : IDependencyCheck, IDisposable
{
    private readonly RedisChannel _channel =
        RedisChannel.Literal($"gatehouse:health:{Guid.NewGuid():n}");

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _subscribing = new(1);
    private bool _isSubscribed;

    public string Name => CheckNames.Changes;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    public HealthStatus FailureStatus => HealthStatus.Degraded;

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        var subscriber = (await connection.ConnectAsync()).GetSubscriber();
        await SubscribeAsync(subscriber, cancellationToken);
        var (nonce, began) = ($"{Guid.NewGuid():n}", time.GetTimestamp());
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[nonce] = heard;
        try
        {
            await subscriber.PublishAsync(_channel, nonce);
            await heard.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _waiting.TryRemove(nonce, out _);
        }

        return new CheckResult(CheckOutcome.Good)
        {
            Data = new Dictionary<string, object>
            {
                ["roundTripMilliseconds"] = time.GetElapsedTime(began).TotalMilliseconds,
            },
        };
    }

    public void Dispose() => _subscribing.Dispose();

    /// <summary>Once; the client subscribes again by itself whenever it connects.</summary>
    private async Task SubscribeAsync(ISubscriber subscriber, CancellationToken cancellationToken)
    {
        await _subscribing.WaitAsync(cancellationToken);
        try
        {
            if (!_isSubscribed)
            {
                // What an attempt that failed has left: else each would add a handler.
                await subscriber.UnsubscribeAsync(_channel, flags: CommandFlags.FireAndForget);
                await subscriber.SubscribeAsync(_channel, Hear);
                _isSubscribed = true;
            }
        }
        finally
        {
            _subscribing.Release();
        }
    }

    private void Hear(RedisChannel channel, RedisValue nonce)
    {
        if (_waiting.TryGetValue($"{nonce}", out var heard))
        {
            heard.TrySetResult();
        }
    }
}
