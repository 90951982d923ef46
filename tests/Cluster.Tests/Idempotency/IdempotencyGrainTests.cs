using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.Idempotency;

/// <summary>The grain of a key: one starts, the others wait or are told; a lost answer holds nothing.</summary>
public sealed class IdempotencyGrainTests(IdempotencyCluster fixture) : IClassFixture<IdempotencyCluster>
{
    private static readonly ServiceOverloadedException Unknown = new("redis_timeout", Applied.Unknown);
    private static readonly ServiceOverloadedException Refused = new("redis_unavailable", Applied.No);
    private static readonly StoredResponse Created = new() { Status = 201, Body = [1] };

    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private readonly string _tenant = GatehouseCluster.NewName();

    private IdempotencyKeyHandle Key => _cluster.Grains.Idempotency(_tenant, "POST /orders/{id}", "k1");

    [Fact]
    public async Task Begin_ByManyAtOnce_StartsOne_AndGivesAllTheSameAnswer()
    {
        var waiting = Enumerable.Range(0, 50).Select(i => Key.BeginAsync(Call($"o{i}", wait: 30))).ToList();
        var started = await await Task.WhenAny(waiting);
        Assert.Equal((BeginOutcome.Started, 1), (started.Outcome, started.Epoch));

        Assert.Equal(StepOutcome.Done, await Key.CompleteAsync(1, Created));

        var all = await _cluster.DriveAsync(Task.WhenAll(waiting));
        Assert.Equal(49, all.Count(result => result.Outcome is BeginOutcome.Completed && result.Response!.Status == 201));
    }

    [Fact]
    public async Task Begin_ThatWaits_IsAnsweredByTheEnd_WithoutAnyTimePassing()
    {
        await Key.BeginAsync(Call("first"));
        var waiting = Key.BeginAsync(Call("second", wait: 30));
        // Behind it in the same lane.
        await Key.GetAsync();

        await Key.CompleteAsync(1, Created);

        Assert.Equal(BeginOutcome.Completed, (await waiting.WaitAsync(TimeSpan.FromSeconds(20))).Outcome);
    }

    [Fact]
    public async Task Begin_ThatWaitsTooLong_IsToldSo()
    {
        await Key.BeginAsync(Call("first"));

        var result = await _cluster.DriveAsync(Key.BeginAsync(Call("second", wait: 5)));

        Assert.Equal(BeginOutcome.InProgress, result.Outcome);
        Assert.Equal(TimeSpan.FromSeconds(5), result.RetryAfter);
    }

    [Fact]
    public async Task Begin_WhereTooManyWaitAlready_IsToldAtOnce_AndTheEndGetsThrough()
    {
        await Key.BeginAsync(Call("first"));
        var waiting = Enumerable.Range(0, 1_001).Select(i => Key.BeginAsync(Call($"o{i}", wait: 30))).ToList();

        var refused = await await Task.WhenAny(waiting).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(BeginOutcome.InProgress, refused.Outcome);
        await Key.CompleteAsync(1, Created);

        var all = await _cluster.DriveAsync(Task.WhenAll(waiting));
        Assert.Equal(1_000, all.Count(result => result.Outcome is BeginOutcome.Completed));
        Assert.Equal(BeginOutcome.Completed, (await Key.BeginAsync(Call("next", wait: 30))).Outcome);
    }

    [Fact]
    public async Task Begin_WhileTheStoreIsAway_StartsNothing_AndHoldsNothing()
    {
        _cluster.IdempotencyKeys.Faults.Enqueue((false, Refused));
        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => Key.BeginAsync(Call("one")));
        // Applied, and the answer lost: nobody starts the effect, so the claim is given back.
        _cluster.IdempotencyKeys.Faults.Enqueue((true, Unknown));
        var lost = await Assert.ThrowsAsync<ServiceOverloadedException>(() => Key.BeginAsync(Call("two")));

        var next = await _cluster.DriveAsync(Key.BeginAsync(Call("three", wait: 30)));

        Assert.Equal((Applied.No, Applied.No), (refused.Applied, lost.Applied));
        Assert.Equal((BeginOutcome.Started, 2), (next.Outcome, next.Epoch));
    }

    [Fact]
    public async Task Begin_OfAnOwnerWhoSendsItAgain_FindsItsClaim_AndNobodyGivesItBack()
    {
        _cluster.IdempotencyKeys.Faults.Enqueue((true, Unknown));
        var lost = await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => Key.BeginAsync(Call("me") with { IsRepeated = true }));
        var again = await Key.BeginAsync(Call("me") with { IsRepeated = true });

        var other = await _cluster.DriveAsync(Key.BeginAsync(Call("other", wait: 30)));

        Assert.Equal(Applied.Unknown, lost.Applied);
        Assert.Equal((BeginOutcome.Started, 1), (again.Outcome, again.Epoch));
        Assert.Equal(BeginOutcome.InProgress, other.Outcome);
    }

    [Fact]
    public async Task Claim_OfAnOwnerWhoNeverLearnedOfIt_CanBeGivenBack()
    {
        _cluster.IdempotencyKeys.Faults.Enqueue((true, Unknown));
        await Assert.ThrowsAsync<ServiceOverloadedException>(() => Key.BeginAsync(Call("me") with { IsRepeated = true }));

        Assert.Equal(StepOutcome.Stale, await Key.GiveBackAsync("somebody else"));
        Assert.Equal(StepOutcome.Done, await Key.GiveBackAsync("me"));
        Assert.Equal(StepOutcome.Done, await Key.GiveBackAsync("me"));
        var next = await Key.BeginAsync(Call("next"));

        Assert.Equal((BeginOutcome.Started, 2), (next.Outcome, next.Epoch));
    }

    [Fact]
    public async Task Claim_OfAPausedOwner_IsHeld_OrTakenOverToRetry_AndThenRefused()
    {
        await Key.BeginAsync(Call("paused"));
        _cluster.Time.Advance(TimeSpan.FromSeconds(61));

        var held = await Key.BeginAsync(Call("held"));
        var next = await Key.BeginAsync(Call("next") with { Abandoned = AbandonedPolicy.Retry });
        var late = await Key.CompleteAsync(1, Created);

        Assert.Equal(BeginOutcome.Unknown, held.Outcome);
        Assert.Equal((BeginOutcome.Started, 2), (next.Outcome, next.Epoch));
        Assert.Equal(StepOutcome.Stale, late);
        Assert.Equal(StepOutcome.Done, await Key.CompleteAsync(2, Created));
    }

    [Fact]
    public async Task Completion_WhoseAnswerWasLost_MayBeRepeated()
    {
        await Key.BeginAsync(Call("one"));
        _cluster.IdempotencyKeys.Faults.Enqueue((true, Unknown));
        await Assert.ThrowsAsync<ServiceOverloadedException>(() => Key.CompleteAsync(1, Created));

        Assert.Equal(StepOutcome.Done, await Key.CompleteAsync(1, Created));
        Assert.Equal(("completed", 201), ((await Key.GetAsync())!.State, (await Key.GetAsync())!.Status));
    }

    [Fact]
    public async Task Begin_AnsweredByTheOlderLayoutAlone_IsCountedOnce_HoweverOftenItLooksAgain()
    {
        using var hits = new CounterListener("idempotency.legacy_hits");
        await Key.BeginAsync(Call("first"));

        _cluster.IdempotencyKeys.IsLegacy = true;
        var waited = await _cluster.DriveAsync(Key.BeginAsync(Call("second", wait: 5)));
        Assert.Equal((BeginOutcome.InProgress, 1), (waited.Outcome, hits.Sum));
        await Key.BeginAsync(Call("third"));
        _cluster.IdempotencyKeys.IsLegacy = false;
        await Key.BeginAsync(Call("fourth"));

        Assert.Equal(2, hits.Sum);
    }

    private static BeginCall Call(string owner, int wait = 0) => new()
    {
        Owner = owner,
        Fingerprint = "f",
        Lease = TimeSpan.FromSeconds(60),
        Abandoned = AbandonedPolicy.Hold,
        Wait = TimeSpan.FromSeconds(wait),
    };
}

/// <summary>One cluster for all of them; each has a tenant of its own.</summary>
public sealed class IdempotencyCluster : IAsyncLifetime
{
    public GatehouseCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await GatehouseCluster.StartAsync(silos: 2);

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
