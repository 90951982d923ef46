using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>The way to a store: a bounded number, a deadline, and no call to one that is known to be down.</summary>
public sealed class StoreGuardTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QueueWait = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly OverloadOptions _options = new()
    {
        StoreInFlightMax = 2,
        StoreQueueMax = 1,
        StoreQueueWait = QueueWait,
        StoreDeadline = Deadline,
    };

    private readonly List<TaskCompletionSource<int>> _calls = [];
    private readonly StoppableProcess _process = new();
    private readonly Standstill _standstill;
    private readonly StoreGuard _guard;

    public StoreGuardTests()
    {
        _standstill = new Standstill(_process);
        var metrics = new OverloadMetrics(_services.GetRequiredService<IMeterFactory>());
        var circuit = new CircuitBreaker(
            "data", _options.Circuit, metrics, _time, NullLogger<CircuitBreaker>.Instance);
        _guard = new StoreGuard(
            "data", new StoreGate("data", _options, metrics, _time), circuit, _options, metrics, _time,
            _standstill);
    }

    public void Dispose()
    {
        _guard.Dispose();
        _standstill.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task Run_MoreThanMayBeOnTheirWay_WaitForAPlace()
    {
        var (first, _) = (Run(), Run());
        var waiting = Run();
        Assert.Equal(2, _calls.Count);

        _calls[0].SetResult(7);
        Assert.Equal(7, await first);
        await UntilAsync(() => _calls.Count == 3);
        _calls[2].SetResult(9);
        Assert.Equal(9, await waiting);
    }

    [Fact]
    public async Task Run_NoPlaceInTime_IsRefusedUnsent()
    {
        _ = (Run(), Run());
        var waiting = Run();

        _time.Advance(QueueWait);

        await ExpectAsync(waiting, "redis_pool_exhausted", Applied.No);
        Assert.Equal(2, _calls.Count);
    }

    [Fact]
    public async Task Run_TheQueueIsFull_TheOldestIsRefusedAtOnce()
    {
        _ = (Run(), Run());
        var oldest = Run();
        var newest = Run();

        await ExpectAsync(oldest, "redis_pool_exhausted", Applied.No);
        Assert.False(newest.IsCompleted);
    }

    [Fact]
    public async Task Run_NoAnswerInTime_IsATimeoutAndKeepsItsPlaceUntilItEnds()
    {
        var (first, second) = (Run(), Run());

        _time.Advance(Deadline);
        await ExpectAsync(first, "redis_timeout", Applied.Unknown);
        await ExpectAsync(second, "redis_timeout", Applied.Unknown);
        var waiting = Run();
        Assert.Equal(2, _calls.Count);

        _calls[0].SetException(new RedisTimeoutException(CommandFlags.None, "late", CommandStatus.Sent));
        await UntilAsync(() => _calls.Count == 3);
        _calls[2].SetResult(3);
        Assert.Equal(3, await waiting);
    }

    [Fact]
    public async Task Run_ARead_WasCertainlyNotApplied()
    {
        var read = Run(CallKind.Read);
        _time.Advance(Deadline);

        await ExpectAsync(read, "redis_timeout", Applied.No);
    }

    [Fact]
    public async Task Run_FailuresInARow_OpenTheCircuitAndThreeSuccessesCloseIt()
    {
        for (var i = 0; i < _options.CircuitFailuresMax; i++)
        {
            await FailAsync();
        }

        var refused = await ExpectAsync(Run(), "circuit_open", Applied.No);
        Assert.Equal(TimeSpan.FromSeconds(5), refused.RetryAfter);
        Assert.Equal(_options.CircuitFailuresMax, _calls.Count);

        _time.Advance(_options.CircuitOpen * 1.2);
        for (var i = 0; i < 3; i++)
        {
            var probe = Run();
            _calls[^1].SetResult(i);
            Assert.Equal(i, await probe);
        }

        var (one, two) = (Run(), Run());
        Assert.Equal(_options.CircuitFailuresMax + 5, _calls.Count);
        _calls[^1].SetResult(1);
        _calls[^2].SetResult(1);
        await Task.WhenAll(one, two);
    }

    // Answers that lay there all the time are read too late, all at once.
    [Fact]
    public async Task Run_FailuresBecauseThisProcessStoodStill_DoNotOpenTheCircuit()
    {
        for (var i = 0; i < _options.CircuitFailuresMax; i++)
        {
            var call = Run();
            _process.Pass(TimeSpan.FromSeconds(20));
            _calls[^1].SetException(new RedisTimeoutException(CommandFlags.None, "late", CommandStatus.Sent));
            await ExpectAsync(call, "redis_timeout", Applied.Unknown);
        }

        var next = Run();
        _calls[^1].SetResult(1);
        Assert.Equal(1, await next);
    }

    [Fact]
    public async Task Run_AnErrorOfTheCallItself_PassesAndSaysThatTheStoreWorks()
    {
        for (var i = 0; i < 20; i++)
        {
            var call = Run();
            _calls[^1].SetException(new RedisServerException(
                RedisErrorKind.WrongType, CommandFlags.None, "WRONGTYPE not a hash"));

            await Assert.ThrowsAsync<RedisServerException>(() => call);
        }

        Assert.False(Run().IsCompleted);
    }

    [Fact]
    public async Task Run_WritesAreRefused_IsAnOverloadAndKeepsTheWayOpenForReads()
    {
        for (var i = 0; i < 20; i++)
        {
            var call = Run();
            _calls[^1].SetException(new RedisServerException(
                RedisErrorKind.OutOfMemory, CommandFlags.None, "OOM command not allowed"));
            await ExpectAsync(call, "redis_out_of_memory", Applied.No);
        }

        Assert.False(Run(CallKind.Read).IsCompleted);
    }

    [Fact]
    public async Task Run_AnErrorThatNobodyKnows_PassesAndDecidesNothing()
    {
        for (var i = 0; i < _options.CircuitFailuresMax; i++)
        {
            await FailAsync();
        }

        _time.Advance(_options.CircuitOpen * 1.2);
        for (var i = 0; i < 10; i++)
        {
            var call = Run();
            _calls[^1].SetException(new RedisServerException(
                RedisErrorKind.UnknownError, CommandFlags.None, "ERR something new"));
            await Assert.ThrowsAsync<RedisServerException>(() => call);
        }

        // Still half open: one failure is enough.
        await FailAsync();
        await ExpectAsync(Run(), "circuit_open", Applied.No);
    }

    [Fact]
    public async Task Run_AFailureBeforeTheFirstAwait_IsClassifiedAndFreesItsPlace()
    {
        // One more than there are places.
        for (var i = 0; i < 3; i++)
        {
            await ExpectAsync(
                _guard.RunAsync<int, int>(CallKind.Write, 0, static _ => throw new ObjectDisposedException("client")),
                "redis_unavailable", Applied.No);
        }
    }

    private Task<int> Run(CallKind kind = CallKind.Write) => _guard.RunAsync(kind, this, static test =>
    {
        test._calls.Add(new TaskCompletionSource<int>());
        return test._calls[^1].Task;
    });

    private async Task FailAsync()
    {
        var call = Run();
        _calls[^1].SetException(new RedisConnectionException(
            ConnectionFailureType.SocketClosed, CommandFlags.None, "gone", null, CommandStatus.Sent));
        await ExpectAsync(call, "redis_unavailable", null);
    }

    private static async Task<ServiceOverloadedException> ExpectAsync(Task call, string reason, Applied? applied)
    {
        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => call);
        Assert.Equal(reason, refused.Reason);
        Assert.True(applied is null || applied == refused.Applied);
        return refused;
    }

    /// <summary>A place that is freed is given to who waits on another thread.</summary>
    private static async Task UntilAsync(Func<bool> condition)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Yield();
            end.Token.ThrowIfCancellationRequested();
        }
    }
}
