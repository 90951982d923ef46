using System.Text;
using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class RateLimitSnapshotTests
{
    private const long Start = RateLimitGen.Epoch2024Ms;

    // Bytes that stores hold today: these lines are never edited, only added to.
    private const string StoredSliding = """{"v":1,"algorithm":"sliding-window","windowMs":60000,"""
        + "\"seenMs\":1704067204500,\"newest\":852033602,\"counts\":[3,0,2]}";

    private const string StoredTokens =
        """{"v":1,"algorithm":"token-bucket","windowMs":60000,"seenMs":1704067204500,"debt":255000,"peak":5}""";

    private const string StoredFixed =
        """{"v":1,"algorithm":"fixed-window","windowMs":60000,"seenMs":1704067204500,"used":5}""";

    [Theory]
    [InlineData(RateLimitAlgorithm.SlidingWindow, StoredSliding)]
    [InlineData(RateLimitAlgorithm.TokenBucket, StoredTokens)]
    [InlineData(RateLimitAlgorithm.FixedWindow, StoredFixed)]
    public void Serialize_StateInUse_WritesAndReadsTheStoredBytes(RateLimitAlgorithm algorithm, string stored)
    {
        var subject = new Subject(new Quota(algorithm, 10, 10, 60_000, 0));
        subject.Acquire(3, Start);
        subject.Acquire(2, Start + 4_500);

        // The token bucket owes 3 tokens, less the 45 000 that drained, and 2 more.
        Assert.Equal(stored, Text(subject.State));
        Assert.True(RateLimitSnapshot.TryParse(Encoding.UTF8.GetBytes(stored), out var read));
        Assert.Equal(stored, Text(read));
        Assert.Equal(
            subject.Try(1, Start + 30_000),
            RateLimiter.Acquire(read, subject.Quota, 1, Start + 30_000).Verdict);
    }

    [Fact]
    public void TryParse_AnySerializedState_RoundTrips() => RateLimitGen
        .Schedules(RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.Limits), 40)
        .Sample(
            schedule =>
            {
                var subject = Subject.After(schedule, out var nowMs);

                var bytes = RateLimitSnapshot.From(subject.State).Serialize();

                Assert.True(RateLimitSnapshot.TryParse(bytes, out var read));
                Assert.Equal(Text(subject.State), Text(read));
                Assert.Equal(subject.Try(1, nowMs), RateLimiter.Acquire(read, schedule.Quota, 1, nowMs).Verdict);
            },
            iter: 1_000);

    [Fact]
    public void TryParse_EmptyState_RoundTrips()
    {
        var bytes = RateLimitSnapshot.From(RateLimitState.Empty).Serialize();

        Assert.True(RateLimitSnapshot.TryParse(bytes, out var read));
        Assert.Equal(RateLimitAlgorithm.None, read.Algorithm);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("not json")]
    [InlineData("""{"v":1,"algorithm":"None","windowMs":60000,"seenMs":0}""")]
    [InlineData("""{"v":1,"algorithm":"leaky","windowMs":60000,"seenMs":0}""")]
    [InlineData("""{"v":1,"algorithm":"\uD800","windowMs":60000,"seenMs":0}""")]
    [InlineData("""{"v":1,"algorithm":7,"windowMs":60000,"seenMs":0}""")]
    [InlineData("""{"v":1,"algorithm":"sliding-window","windowMs":60000,"seenMs":0}""")]
    [InlineData("""{"v":1,"algorithm":"token-bucket","windowMs":60000,"seenMs":0,"debt":60001,"peak":1}""")]
    [InlineData("""{"v":1,"algorithm":"token-bucket","windowMs":60000,"seenMs":0,"debt":-1,"peak":1}""")]
    [InlineData("""{"v":1,"algorithm":"token-bucket","windowMs":60000,"seenMs":0,"debt":1,"peak":2147483648}""")]
    [InlineData("""{"v":1,"algorithm":"token-bucket","windowMs":60000,"seenMs":0,"used":1}""")]
    [InlineData("""{"v":1,"algorithm":"fixed-window","windowMs":60000,"seenMs":0,"used":-1}""")]
    [InlineData("""{"v":1,"algorithm":"fixed-window","windowMs":60000,"seenMs":0,"used":2147483648}""")]
    [InlineData("""{"v":1,"algorithm":"fixed-window","windowMs":60000,"seenMs":0,"used":1,"debt":0}""")]
    public void TryParse_NotAState_IsRefused(string json) => Refused(json);

    [Theory]
    [InlineData("\"v\":1", "\"v\":2")]
    [InlineData("60000", "999")]
    [InlineData("60000", "2678400001")]
    [InlineData("60000", "0")]
    [InlineData("1704067204500", "-1")]
    [InlineData("1704067204500", "253402300800000")]
    [InlineData("852033602", "852033603")]
    [InlineData("[3,0,2]", "[3,-1,2]")]
    [InlineData("[3,0,2]", "[2147483647,1]")]
    [InlineData("[3,0,2]", "[2147483648]")]
    [InlineData("[3,0,2]", "[1.5]")]
    [InlineData("[3,0,2]", "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]")]
    public void TryParse_BrokenField_IsRefused(string field, string broken) =>
        Refused(StoredSliding.Replace(field, broken, StringComparison.Ordinal));

    [Fact]
    public void TryParse_StoredBytesDamagedAnywhere_NeverThrowsNorYieldsAStateThatDoes() => Gen
        .Select(
            Gen.OneOf(StoredSliding, StoredTokens, StoredFixed),
            Gen.Select(Gen.Int[0, 80], Gen.OneOf(Gen.Byte, Gen.Byte[(byte)'0', (byte)'9'])).Array[1, 3],
            RateLimitGen.Quotas(RateLimitGen.Algorithms, RateLimitGen.Limits))
        .Sample(
            (stored, damages, quota) =>
            {
                var bytes = Encoding.UTF8.GetBytes(stored);
                foreach (var (index, value) in damages)
                {
                    bytes[index] = value;
                }

                if (RateLimitSnapshot.TryParse(bytes, out var state))
                {
                    Assert.True(RateLimiter.Acquire(state, quota, 1, Start).Verdict.Remaining >= 0);
                }
            },
            iter: 20_000);

    private static void Refused(string json) =>
        Assert.False(RateLimitSnapshot.TryParse(Encoding.UTF8.GetBytes(json), out _));

    private static string Text(RateLimitState state) =>
        Encoding.UTF8.GetString(RateLimitSnapshot.From(state).Serialize());
}
