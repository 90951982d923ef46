using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>What a crash, a hand-over or a lost message costs, with every kind of event at every place.</summary>
public class CeilingTests
{
    private const long Start = RateLimitGen.Epoch2024Ms;
    private const long Window = 60_000;
    private const long Limit = 40;

    private static readonly Quota Sliding = new(RateLimitAlgorithm.SlidingWindow, Limit, Limit, Window, 0);

    [Fact]
    public void Crash_AtAnyStep_AdmitsAtMostOneChunkMore() =>
        Worlds(Event.Check, Event.Answer, Event.LoseAnswer, Event.LoseRequest, Event.Crash).Sample(
            steps => Play(Sliding, steps, world =>
            {
                var crashes = world.CrashesMs.Count(at => at > world.NowMs - Window);
                var admitted = world.AdmittedSince(world.NowMs - Window);
                Assert.True(admitted <= Limit + (crashes * world.Chunk), $"{admitted} after {crashes} crashes");
            }),
            iter: Tries.Of(3_000));

    [Fact]
    public void HandOver_AtAnyStep_AdmitsNotOneMoreAndNotOneLess() =>
        Worlds(Event.Check, Event.Answer, Event.LoseAnswer, Event.LoseRequest, Event.HandOver).Sample(
            steps =>
            {
                var exact = new Subject(Sliding);
                var world = new CeilingWorld(Sliding, new CeilingModel(), Start);
                world.Start();
                foreach (var step in steps)
                {
                    var before = world.Admitted.Count;
                    world.Run(step);
                    if (step.Event is Event.Check && step.Cost > 0)
                    {
                        Assert.Equal(exact.Acquire(step.Cost, world.NowMs).Allowed, world.Admitted.Count > before);
                    }
                }
            },
            iter: Tries.Of(3_000));

    [Fact]
    public void Crash_AtAnyStep_WithholdsAtMostTwoChunksAndTheCallInFlight() =>
        Worlds(Event.Check, Event.Answer, Event.LoseAnswer, Event.LoseRequest, Event.Crash).Sample(
            steps => Play(Sliding, steps, world =>
            {
                // What was reserved counts from the end of its span, a sixth of a window later at most.
                var since = world.NowMs - (Window * 37 / 30);
                var crashes = world.CrashesMs.Count(at => at > since) + 1;
                var counted = BucketCounts.Sum(world.Counts.Ceiling.At(Window, world.NowMs).Counted);
                var spare = crashes * ((2 * world.Chunk) + CostMax);
                Assert.True(counted <= world.AdmittedSince(since) + spare, $"{counted} counted, {crashes} crashes");
            }),
            iter: Tries.Of(3_000));

    // A new activation on a flushed store finds nothing: then it is the region's age that protects.
    [Fact]
    public void Flush_WithoutACrash_FreesNothing() =>
        Worlds(Event.Check, Event.Answer, Event.LoseAnswer, Event.LoseRequest, Event.Flush).Sample(
            steps => Play(Sliding, steps, world =>
                Assert.True(world.AdmittedSince(world.NowMs - Window) <= Limit)),
            iter: Tries.Of(2_000));

    [Fact]
    public void FailOver_ToAReplicaThatLags_FreesNothing() =>
        Worlds(Event.Check, Event.Answer, Event.LoseAnswer, Event.LoseRequest, Event.Replicate, Event.FailOver).Sample(
            steps => Play(Sliding, steps, world =>
                Assert.True(world.AdmittedSince(world.NowMs - Window) <= Limit)),
            iter: Tries.Of(2_000));

    [Fact]
    public void TwoOwners_AtOnce_AdmitAtMostOneChunkMore() =>
        Gen.Select(Steps(Event.Check, Event.Answer, Event.LoseAnswer), Gen.Bool.Array[40]).Sample(
            (steps, turns) =>
            {
                var store = new CeilingModel();
                CeilingWorld[] owners = [new(Sliding, store, Start), new(Sliding, store, Start)];
                owners[0].Start();
                owners[1].Start();
                for (var i = 0; i < steps.Length; i++)
                {
                    owners[turns[i % turns.Length] ? 1 : 0].Run(steps[i]);
                    var other = owners[turns[i % turns.Length] ? 0 : 1];
                    other.Run(new WorldStep(steps[i].GapMs, Event.Check, 0));
                    var since = owners[0].NowMs - Window;
                    var admitted = owners.Sum(owner => owner.AdmittedSince(since));
                    Assert.True(admitted <= Limit + (2 * owners[0].Chunk), $"{admitted}");
                }
            },
            iter: Tries.Of(2_000));

    [Theory]
    [InlineData(RateLimitAlgorithm.TokenBucket)]
    [InlineData(RateLimitAlgorithm.FixedWindow)]
    public void HandOver_OtherAlgorithms_NeverFreesAndWithholdsLessThanABucketDrains(RateLimitAlgorithm algorithm)
    {
        var quota = Sliding with { Algorithm = algorithm };
        Worlds(Event.Check, Event.Answer, Event.HandOver).Sample(
            steps =>
            {
                var exact = new Subject(quota);
                var world = new CeilingWorld(quota, new CeilingModel(), Start);
                world.Start();
                foreach (var step in steps)
                {
                    var before = world.Admitted.Count;
                    world.Run(step);
                    var isAdmitted = world.Admitted.Count > before;
                    // The counts that really were admitted are the exact limiter's too.
                    Assert.True(!isAdmitted || exact.Acquire(step.Cost, world.NowMs).Allowed);
                    var withheld = exact.Try(0, world.NowMs).Remaining - Remaining(world, quota);
                    Assert.InRange(withheld, 0, algorithm is RateLimitAlgorithm.TokenBucket ? 1 + (Limit / 30) + 1 : 0);
                }
            },
            iter: Tries.Of(1_000));
    }

    // In each span the first thing is a hand-over, so the debt is never told anew by a call.
    [Fact]
    public void HandOver_OfAFullTokenBucketInEverySpan_KeepsItFull()
    {
        var quota = Sliding with { Algorithm = RateLimitAlgorithm.TokenBucket };
        var world = new CeilingWorld(quota, new CeilingModel(), Start);
        world.Start();
        for (var i = 0; i < Limit; i++)
        {
            world.Check(1);
        }

        for (var span = 0; span < 30; span++)
        {
            world.Run(new WorldStep(Window / 6, Event.HandOver, 0));
            while (world.Check(1))
            {
            }
        }

        // A burst, and what drains in five windows.
        Assert.InRange(world.AdmittedSince(0), Limit * 5, Limit * 6);
    }

    [Fact]
    public void Admit_OneChunkBeyondWhatIsAcknowledged_AndNoMore()
    {
        var world = new CeilingWorld(Sliding, new CeilingModel(), Start);
        world.Start();
        var ceiling = world.Counts.Ceiling;

        // 1 and two chunks of 4 are reserved; one chunk more is the risk a crash may cost.
        Assert.True(ceiling.Covers(9 + 4, world.Chunk));
        Assert.False(ceiling.Covers(9 + 5, world.Chunk));
    }

    private const long CostMax = 9;

    private static long Remaining(CeilingWorld world, Quota quota) =>
        RateLimiter.Acquire(world.Counts.State, quota, 0, world.NowMs).Verdict.Remaining;

    private static void Play(Quota quota, IEnumerable<WorldStep> steps, Action<CeilingWorld> holds)
    {
        var world = new CeilingWorld(quota, new CeilingModel(), Start);
        world.Start();
        foreach (var step in steps)
        {
            world.Run(step);
            holds(world);
        }
    }

    private static Gen<WorldStep[]> Worlds(params Event[] events) => Steps(events);

    private static Gen<WorldStep[]> Steps(params Event[] events) =>
        (from gap in Gen.Frequency(
            (6, Gen.Const(0L)), (3, Gen.Long[0, 3_000]), (2, Gen.Long[0, 12_000]), (1, Gen.Long[0, Window + 3_000]))
         from other in Gen.OneOf(events)
         from what in Gen.Frequency((3, Gen.Const(Event.Check)), (1, Gen.Const(other)))
         from cost in Gen.Frequency((4, Gen.Const(1L)), (1, Gen.Long[0, CostMax]))
         select new WorldStep(gap, what, cost)).Array[0, 80];
}
