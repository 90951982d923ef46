using Gatehouse.Benchmarks.Scale;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Gatehouse.Grains.Tests.Resilience;
using Gatehouse.Grains.Tests.Simulation;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>The keeper of one subject, over the model of the store, where answers get lost.</summary>
public sealed class CeilingKeeperTests : IDisposable
{
    private static readonly Quota Quota = new(RateLimitAlgorithm.SlidingWindow, 40, 40, 60_000, 0);

    private readonly VirtualTime _time = new();
    private readonly Store _store = new();
    private readonly SimulatedMeters _meters = new();
    private readonly StoppableProcess _process = new();
    private readonly Standstill _standstill;
    private readonly RegionClock _clock;
    private readonly CeilingKeeper _keeper;

    public CeilingKeeperTests()
    {
        _clock = new RegionClock(
            null!, null!, Options.Create(new RegionOptions()), new RegionMetrics(_meters), _time);
        _standstill = new Standstill(_process);
        _keeper = NewKeeper();
    }

    // Found by the simulation. The store has what the lost answer was for; told once more under another number, it would
    // count twice, and what is released twice would be taken from others' reservations.
    [Fact]
    public void Close_AfterAnAnswerThatWasLost_TellsNothingTwice()
    {
        _time.RunFor(TimeSpan.FromSeconds(1));
        Play(() => _keeper.LoadAsync(Quota, 1));
        Admit(9);
        // In the next span: what the one before it has admitted is told with the next request.
        _time.RunFor(TimeSpan.FromSeconds(12));
        _store.LosesAnswers = true;
        Admit(1);
        _store.LosesAnswers = false;

        Assert.True(Play(() => _keeper.CloseAsync(CancellationToken.None)));

        Assert.Equal(10, _store.Model.Total);
    }

    [Fact]
    public void Close_WhileTheStoreIsAway_SaysSo_AndCanBeRepeated()
    {
        _time.RunFor(TimeSpan.FromSeconds(1));
        Play(() => _keeper.LoadAsync(Quota, 1));
        Admit(9);
        _store.LosesAnswers = true;
        Assert.False(Play(() => _keeper.CloseAsync(CancellationToken.None)));
        _store.LosesAnswers = false;

        Assert.True(Play(() => _keeper.CloseAsync(CancellationToken.None)));

        Assert.Equal(9, _store.Model.Total);
    }

    // The one that takes over goes on as the same owner, and with the same request.
    [Fact]
    public void Move_AfterAnAnswerThatWasLost_TellsNothingTwice()
    {
        _time.RunFor(TimeSpan.FromSeconds(1));
        Play(() => _keeper.LoadAsync(Quota, 1));
        Admit(9);
        _time.RunFor(TimeSpan.FromSeconds(12));
        _store.LosesAnswers = true;
        Admit(1);
        _store.LosesAnswers = false;
        var moved = NewKeeper();

        moved.Rehydrate(_keeper.Dehydrate());

        Assert.True(Play(() => moved.CloseAsync(CancellationToken.None)));
        Assert.Equal(10, _store.Model.Total);
    }

    [Fact]
    public void Standstill_WhatWasKnown_IsReadAgainBeforeAnythingIsDecided()
    {
        Play(() => _keeper.LoadAsync(Quota, 1));
        Assert.False(_keeper.NeedsLoad);

        _process.Pass(TimeSpan.FromSeconds(20));
        Assert.True(_keeper.NeedsLoad);
        _store.Model.Reserve("another", new ReserveRequest
        {
            Sequence = 1, WindowMs = 60_000, Oldest = 0, Settled = [], Reserved = new Reservation(_clock.NowMs / 10_000, 30),
        });

        Assert.True(Play(() => _keeper.LoadAsync(Quota, 1)));
        Assert.False(_keeper.NeedsLoad);
        Assert.Equal(30, BucketCounts.Sum(_keeper.CeilingAt(_clock.NowMs).Counted));
    }

    [Fact]
    public void Standstill_WithoutTheStore_NothingIsDecidedUntilTheDoubtIsOver()
    {
        Play(() => _keeper.LoadAsync(Quota, 1));
        _store.LosesAnswers = true;
        _process.Pass(TimeSpan.FromSeconds(20));

        for (var waited = TimeSpan.Zero; waited < Standstill.DoubtMax; waited += TimeSpan.FromSeconds(1))
        {
            Assert.False(Play(() => _keeper.LoadAsync(Quota, 1)));
            Assert.True(_keeper.NeedsLoad);
            _process.Pass(TimeSpan.FromSeconds(1));
            _process.Tick();
        }

        Assert.False(Play(() => _keeper.LoadAsync(Quota, 1)));
        Assert.False(_keeper.NeedsLoad);
    }

    [Fact]
    public void Standstill_WhileInDoubt_NothingIsAdmittedThatTheStoreHasNotAcknowledged()
    {
        _process.Pass(TimeSpan.FromSeconds(20));
        _process.Tick();
        Play(() => _keeper.LoadAsync(Quota, 3));

        Admit(3);

        Assert.Equal(Missing.Reservation, _keeper.Acquire(
            Quota, GlobalRoom.Unlimited, 1, _clock.NowMs, needsCover: true).Missing);
    }

    public void Dispose()
    {
        _standstill.Dispose();
        _clock.Dispose();
        _meters.Dispose();
    }

    private CeilingKeeper NewKeeper() => new("subject", new CeilingServices(
        _store, new StoreHealth(), _clock, new CeilingMetrics(_meters), new SubjectDeparture(),
        Options.Create(new RateLimitingOptions()), _time, _standstill));

    private void Admit(int count)
    {
        _time.In(0, () =>
        {
            for (var i = 0; i < count; i++)
            {
                var (verdict, missing) = _keeper.Acquire(Quota, GlobalRoom.Unlimited, 1, _clock.NowMs, needsCover: true);
                Assert.Equal((true, Missing.None), (verdict.Allowed, missing));
            }
        });
        _time.RunFor(TimeSpan.FromMilliseconds(1));
    }

    private bool Play(Func<Task<bool>> call)
    {
        Task<bool>? answer = null;
        _time.In(0, () => answer = call());
        _time.RunFor(TimeSpan.FromMilliseconds(1));
        Assert.True(answer!.IsCompleted);
        return answer.Result;
    }

    private sealed class Store : ICeilingStore
    {
        public CeilingModel Model { get; } = new();

        public bool LosesAnswers { get; set; }

        public async Task<ReserveAnswer> ReserveAsync(string key, string owner, ReserveRequest request)
        {
            await Task.Yield();
            var answer = Model.Reserve(owner, request);
            return LosesAnswers ? throw new TimeoutException("The answer was lost.") : answer;
        }

        public Task DeleteAsync(string key) => throw new NotSupportedException();
    }
}
