using CsCheck;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Tests.RateLimiting;

namespace Gatehouse.Chaos.Tests.RateLimiting;

/// <summary>The script of the ceilings, on both kinds of store.</summary>
public class CeilingStoreTests
{
    private const string Key = "t/p/s/x";

    private static readonly ReserveRequest First = new()
    {
        Sequence = 1,
        WindowMs = 60_000,
        Oldest = 100,
        Settled = [new BucketCount(120, 7)],
        Reserved = new Reservation(26, 20),
    };

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Reserve_SentAgain_IsAppliedOnceAndAnswersEverybodysCounts(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var ceilings = new RedisCeilingStore(store.Redis);

        await ceilings.ReserveAsync(Key, "a", First);
        await ceilings.ReserveAsync(Key, "b", First with { Settled = [new BucketCount(120, 1)] });
        var again = await ceilings.ReserveAsync(Key, "a", First);

        Assert.True(again.IsApplied);
        Assert.Equal([new BucketCount(120, 8), new BucketCount(134, 40)], again.Counts.OrderBy(c => c.Bucket));
        var timeToLive = await store.Admin.KeyTimeToLiveAsync(RedisCeilingStore.At(Key));
        Assert.InRange(timeToLive!.Value, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(81));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Reserve_ScriptsFlushedAndKeyDeleted_StartsAnew(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var ceilings = new RedisCeilingStore(store.Redis);
        await ceilings.ReserveAsync(Key, "a", First);
        await store.Admin.ExecuteAsync("SCRIPT", "FLUSH");
        var kept = await ceilings.ReserveAsync(Key, "a", First with { Sequence = 2, Settled = [] });
        Assert.Equal(1, kept.FirstSequence);

        await ceilings.DeleteAsync(Key);
        var lost = await ceilings.ReserveAsync(Key, "a", First with { Sequence = 3, Settled = [] });

        Assert.Equal(3, lost.FirstSequence);
        Assert.Equal([new BucketCount(134, 20)], lost.Counts);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Reserve_WithRequestsMissing_StartsAnewSentOnceOrTwice(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var ceilings = new RedisCeilingStore(store.Redis);
        await ceilings.ReserveAsync(Key, "a", First);

        var behind = await ceilings.ReserveAsync(Key, "a", First with { Sequence = 4, Settled = [] });
        var again = await ceilings.ReserveAsync(Key, "a", First with { Sequence = 4, Settled = [] });
        var next = await ceilings.ReserveAsync(Key, "a", First with { Sequence = 5, Settled = [] });

        Assert.Equal((4, 4, 4), (behind.FirstSequence, again.FirstSequence, next.FirstSequence));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Reserve_SomethingElseUnderTheKey_IsUnreadableUntilItIsDeleted(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var ceilings = new RedisCeilingStore(store.Redis);
        await store.Admin.StringSetAsync(RedisCeilingStore.At(Key), "garbage");

        await Assert.ThrowsAsync<InvalidDataException>(() => ceilings.ReserveAsync(Key, "a", First));

        await ceilings.DeleteAsync(Key);
        Assert.True((await ceilings.ReserveAsync(Key, "a", First)).IsApplied);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Reserve_AnySequenceOfRequests_AnswersAsTheModelDoes(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var ceilings = new RedisCeilingStore(store.Redis);
        var names = 0;
        await Requests.SampleAsync(
            async requests =>
            {
                var model = new CeilingModel();
                var key = $"t/p/s/{Interlocked.Increment(ref names)}";
                foreach (var (owner, request) in requests)
                {
                    var expected = model.Reserve(owner, request);
                    var actual = await ceilings.ReserveAsync(key, owner, request);
                    Assert.Equal(expected with { Counts = [] }, actual with { Counts = [] });
                    Assert.Equal(expected.Counts, actual.Counts.OrderBy(count => count.Bucket));
                }
            },
            iter: 150,
            threads: 1);
    }

    private static Gen<(string Owner, ReserveRequest Request)[]> Requests =>
        (from owner in Gen.OneOf("a", "b")
         from sequence in Gen.Long[1, 6]
         from window in Gen.OneOf(60_000L, 60_000L, 1_000L)
         from replaces in Gen.OneOf(0L, 60_000L, 1_000L)
         from oldest in Gen.Long[95, 110]
         from settled in Gen.Select(Gen.Long[90, 130], Gen.Long[-20, 1_000_000_000]).Array[0, 4]
         from granted in Gen.Long[0, 1_000_000_000]
         from released in Gen.Long[0, 1_000_000_000]
         from debt in Gen.OneOf(0L, 5L, 1_769_860_800_000L)
         select (owner, new ReserveRequest
         {
             Sequence = sequence,
             WindowMs = window,
             Replaces = replaces,
             Oldest = oldest,
             Settled = settled.Select(entry => new BucketCount(entry.Item1, entry.Item2)).ToList(),
             Reserved = new Reservation(25, granted),
             Released = new Reservation(24, released),
             Opening = debt == 0 ? default : new OpeningDebt(debt, 2_678_400_000_000_000_000, granted),
         })).Array[1, 12];
}
