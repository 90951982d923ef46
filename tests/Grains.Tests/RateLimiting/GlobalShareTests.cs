using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>How regions share one limit, with exchanges at any time and some of them lost.</summary>
public class GlobalShareTests
{
    private const long Start = RateLimitGen.Epoch2024Ms;
    private const long Window = 60_000;
    private const long SyncMs = 250;

    [Theory]
    [InlineData(2, 1, 200, 200, 200)]
    [InlineData(2, 2, 200, 100, 100)]
    [InlineData(2, 3, 200, 50, 66)]
    [InlineData(2, 5, 200, 25, 40)]
    [InlineData(1, 3, 100, 0, 33)]
    [InlineData(1.5, 3, 150, 25, 50)]
    public void Share_OfSoManyRegions_LeavesEachItsRegionalLimit(
        decimal multiplier, int regions, long limit, long free, long fair)
    {
        var share = GlobalShare.Of(100, multiplier, regions);

        Assert.Equal(new GlobalShare(limit, free, fair), share);
        Assert.True(regions == 1 || share.RoomBeside([], regions) >= 100);
    }

    [Fact]
    public void Room_BesideOthers_CountsWhatTheyToldOrMayUseSilently()
    {
        var share = GlobalShare.Of(100, 2, 3);

        Assert.Equal(200 - 120 - 50, share.RoomBeside([(120, false)], 3));
        Assert.Equal(200 - 50 - 66, share.RoomBeside([(20, false), (20, true)], 3));
        Assert.Equal(0, share.RoomBeside([(200, false), (0, false)], 3));
    }

    [Fact]
    public void TwoRegions_WhateverTheyExchange_NeverAdmitMoreThanTheGlobalLimit() =>
        Runs(regions: 2).Sample(
            steps => Play(steps, regions: 2, (admitted, _) => Assert.True(admitted <= 80)), iter: Tries.Of(500));

    [Fact]
    public void ThreeRegions_ExchangingInTime_AdmitAtMostOneExchangeMoreForEachOtherRegion() =>
        Runs(regions: 3).Sample(
            steps => Play(steps, regions: 3, (admitted, spare) => Assert.True(
                admitted <= 80 + spare, $"{admitted} admitted, {spare} to spare")),
            iter: Tries.Of(2_000));

    private static Gen<(int Region, long GapMs, long Cost)[]> Runs(int regions) =>
        Gen.Select(
            Gen.Int[0, regions - 1],
            Gen.Frequency((4, Gen.Const(0L)), (3, Gen.Long[0, 100]), (1, Gen.Long[0, 20_000])),
            Gen.Long[1, 5]).Array[0, 150];

    /// <summary>Each region exchanges when it is time to, or when a call needs it, and admits by what it knows then.</summary>
    private static void Play(
        (int Region, long GapMs, long Cost)[] steps, int regions, Action<long, long> holds)
    {
        var share = GlobalShare.Of(40, 2, regions);
        var quota = new Quota(RateLimitAlgorithm.SlidingWindow, 40, 40, Window, 0);
        var world = Enumerable.Range(0, regions).Select(_ => new Region()).ToArray();
        var now = Start;
        foreach (var (index, gapMs, cost) in steps)
        {
            now += gapMs;
            var region = world[index];
            var (verdict, missing) = region.Acquire(quota, share, world, cost, now);
            if (missing is Missing.OtherRegions)
            {
                region.Exchange(world, now);
                (verdict, missing) = region.Acquire(quota, share, world, cost, now);
            }

            Assert.Equal(Missing.None, missing);
            if (verdict.Allowed)
            {
                region.Admitted.Add((now, cost));
                region.ExchangeIfDue(world, now);
            }

            var spare = world.Max(r => r.MostInOneExchange) * (regions - 1);
            holds(world.Sum(r => r.Admitted.Where(entry => entry.AtMs > now - Window).Sum(entry => entry.Units)), spare);
        }
    }

    private sealed class Region
    {
        private SubjectCounts _counts;
        private BucketCounts _published;
        private long _publishedNewest;
        private IReadOnlyList<(long Told, bool IsSilent)>? _told;
        private long _readAtMs;

        public List<(long AtMs, long Units)> Admitted { get; } = [];

        /// <summary>The bound counts what one region admits between two of its own exchanges.</summary>
        public long MostInOneExchange => Admitted.Count == 0 ? 0 : Admitted
            .Max(first => Admitted.Where(e => e.AtMs >= first.AtMs && e.AtMs <= first.AtMs + (2 * SyncMs)).Sum(e => e.Units));

        public (Verdict Verdict, Missing Missing) Acquire(
            in Quota quota, in GlobalShare share, Region[] all, long cost, long nowMs)
        {
            var known = _told is null || nowMs - _readAtMs > 2 * SyncMs ? (long?)null : share.RoomBeside(_told, all.Length);
            var room = new GlobalRoom(share.Free, known);
            (_counts, var verdict, var missing) = Admission.Acquire(_counts, quota, room, cost, nowMs, bareMax: null);
            return (verdict, missing);
        }

        public void ExchangeIfDue(Region[] all, long nowMs)
        {
            if (nowMs - _readAtMs >= SyncMs)
            {
                Exchange(all, nowMs);
            }
        }

        public void Exchange(Region[] all, long nowMs)
        {
            var ceiling = _counts.Ceiling.At(Window, nowMs);
            (_counts, _published) = (_counts with { Ceiling = ceiling }, ceiling.Counted);
            _publishedNewest = ceiling.Newest;
            _told = all.Where(other => other != this).Select(other => (other.PublishedAt(nowMs), false)).ToList();
            _readAtMs = nowMs;
        }

        private long PublishedAt(long nowMs) => BucketCounts.Sum(
            BucketCounts.Advance(_published, _publishedNewest, SlidingWindow.BucketAt(nowMs, Window)));
    }
}
