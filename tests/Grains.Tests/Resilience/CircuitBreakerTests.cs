using System.Diagnostics.Metrics;
using Gatehouse.Grains.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>The breaker under many threads: never more than three probes, and no permit is lost.</summary>
public sealed class CircuitBreakerTests : IDisposable
{
    private const int Threads = 64;

    private static readonly CircuitSettings Settings = new(
        FailuresMax: 5, FailureRatio: 0.5, CallsMin: 20, WindowMs: 10_000, OpenMs: 100, OpenMaxMs: 400, ProbeMs: 1_000);

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(
        "data", Settings, new OverloadMetrics(_services.GetRequiredService<IMeterFactory>()), _time,
        NullLogger<CircuitBreaker>.Instance);

    public void Dispose() => _services.Dispose();

    [Fact]
    public void HalfOpen_64Threads_GetThreeProbesInAllAndNotOneMore()
    {
        for (var round = 0; round < 50; round++)
        {
            OpenAndWait();

            var permits = InParallel(() => _breaker.TryEnter(out var permit, out _) ? permit : default)
                .Where(permit => permit.IsAdmitted).ToList();

            Assert.Equal([1, 2, 3], permits.Select(permit => permit.Probe).Order());
            InParallel(permits, permit => _breaker.Report(permit, CallResult.Succeeded));
            Assert.Equal(CircuitPhase.Closed, _breaker.Phase);
        }
    }

    [Fact]
    public void Report_64ThreadsWithResultsOfAllKinds_NeverHangsOrLetsAStampedeThrough()
    {
        var probing = 0;
        var most = 0;
        for (var round = 0; round < 50; round++)
        {
            InParallel(() =>
            {
                if (!_breaker.TryEnter(out var permit, out var wait))
                {
                    Assert.True(wait >= TimeSpan.Zero);
                    return permit;
                }

                if (permit.Probe > 0)
                {
                    InterlockedMax(ref most, Interlocked.Increment(ref probing));
                    // Given back before the report: after it, another may have its place already.
                    Interlocked.Decrement(ref probing);
                }

                _breaker.Report(permit, (CallResult)((Environment.CurrentManagedThreadId % 3) + 1));
                return permit;
            });
            _time.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.InRange(most, 0, 3);
        _time.Advance(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(_breaker.TryEnter(out var permit, out _));
            _breaker.Report(permit, CallResult.Succeeded);
        }

        Assert.Equal(CircuitPhase.Closed, _breaker.Phase);
    }

    private void OpenAndWait()
    {
        while (_breaker.TryEnter(out var permit, out _))
        {
            _breaker.Report(permit, CallResult.Failed);
        }

        _time.Advance(TimeSpan.FromMilliseconds(Settings.OpenMaxMs * 1.2));
    }

    private static CircuitPermit[] InParallel(Func<CircuitPermit> work)
    {
        using var start = new Barrier(Threads);
        var results = new CircuitPermit[Threads];
        InParallel(Enumerable.Range(0, Threads).ToList(), i =>
        {
            start.SignalAndWait();
            results[i] = work();
        });
        return results;
    }

    private static void InParallel<T>(IReadOnlyList<T> items, Action<T> work)
    {
        var failures = new List<Exception>();
        var threads = items.Select(item => new Thread(() =>
        {
            try
            {
                work(item);
            }
            catch (Exception failure)
            {
                lock (failures)
                {
                    failures.Add(failure);
                }
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Empty(failures);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
