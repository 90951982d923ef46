using System.Text;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>The answer from memory is the grain's answer, as it would be by now.</summary>
public class DenialTests
{
    private static readonly RateLimitPolicy Policy = RateLimitPolicy.BuiltIn with { Limit = 100 };

    private static readonly RateLimitDecision Refusal = new()
    {
        Reason = RateLimitReason.OverLimit,
        Limit = 100,
        EffectiveLimit = 100,
        Window = TimeSpan.FromMinutes(1),
        MoreAfter = TimeSpan.FromSeconds(10),
        ResetAfter = TimeSpan.FromSeconds(60),
        RetryAfter = TimeSpan.FromSeconds(10),
    };

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, false, 1)]
    [InlineData(1, false, 1)]
    [InlineData(1_234, true, 1)]
    [InlineData(8_999, false, 7)]
    [InlineData(9_900, true, 101)]
    public async Task Result_IsWhatTheGrainsAnswerWouldBe_HeaderForHeaderAndByteForByte(int afterMs, bool cold, long cost)
    {
        var decision = Refusal with { Cold = cold, EffectiveLimit = cold ? 50 : 100, Remaining = 0 };
        var denial = New("p", decision);
        // Answered once before, so that headers of an earlier second are there to be wrong.
        await AnswerAsync(await denial.ResultFor(cost));

        _time.Advance(TimeSpan.FromMilliseconds(afterMs) + TimeSpan.FromTicks(9_999));
        var left = TimeSpan.FromMilliseconds(10_000 - afterMs);
        var expected = await AnswerAsync(new CheckResult("p", decision with
        {
            Reason = cost > 100 ? RateLimitReason.CostExceedsLimit : RateLimitReason.OverLimit,
            MoreAfter = left,
            ResetAfter = TimeSpan.FromMilliseconds(60_000 - afterMs),
            RetryAfter = cost > 100 ? null : left,
        }));

        Assert.Equal(expected, await AnswerAsync(await denial.ResultFor(cost)));
    }

    private static async Task<string> AnswerAsync(IResult result)
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext { TraceIdentifier = "0HN:id-1", Response = { Body = body } };
        await result.ExecuteAsync(context);
        await context.Response.BodyWriter.FlushAsync();
        var headers = context.Response.Headers.Select(header => $"{header.Key}: {header.Value}").Order();
        return $"{context.Response.StatusCode}\n{string.Join('\n', headers)}\n{Encoding.UTF8.GetString(body.ToArray())}";
    }

    [Fact]
    public async Task Results_OfOnePolicy_ShareTheirBodyOnlyWhenItIsTheSame()
    {
        var denials = new[]
        {
            New("p", Refusal), New("p", Refusal with { ResetAfter = TimeSpan.FromSeconds(7) }), New("q", Refusal),
            New("p", Refusal with { EffectiveLimit = 50, Cold = true }), New("p", Refusal with { Remaining = 3 }),
        };
        foreach (var denial in denials)
        {
            Assert.Equal(
                await AnswerAsync(new CheckResult(denial.Key.Policy, denial.Decision)),
                await AnswerAsync(await denial.ResultFor(1)));
        }
    }

    private Denial New(string policy, RateLimitDecision decision) => new(
        new CheckCall(new RateLimitKey("t", policy, SubjectKind.Opaque, "s"), Policy, default, Cost: 1, Address: null),
        decision, ticket: default, _time.GetTimestamp(), endsAt: 0, _time);
}
