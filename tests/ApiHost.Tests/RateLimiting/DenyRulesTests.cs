using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>Which refusals may be repeated, and for how long.</summary>
public class DenyRulesTests
{
    private static readonly RateLimitDecision Refusal = new()
    {
        Reason = RateLimitReason.OverLimit,
        MoreAfter = TimeSpan.FromSeconds(10),
        RetryAfter = TimeSpan.FromSeconds(10),
    };

    private static readonly CheckCall Call = new(new RateLimitKey("t", "p", SubjectKind.Opaque, "s"),
        RateLimitPolicy.BuiltIn, TenantDirectory.StaleMax, Cost: 1, Address: null);

    public static TheoryData<string, RateLimitDecision> NotRepeatable { get; } = new()
    {
        { "admitted", Refusal with { Allowed = true, Reason = RateLimitReason.WithinLimit, RetryAfter = null } },
        { "shadow", Refusal with { Allowed = true } },
        { "degraded", Refusal with { Degraded = true } },
        { "never", Refusal with { Reason = RateLimitReason.CostExceedsLimit, RetryAfter = null } },
        { "deny list", new RateLimitDecision { Reason = RateLimitReason.DenyListed } },
        { "store", new RateLimitDecision { Reason = RateLimitReason.StoreUnavailable } },
        { "no policy", new RateLimitDecision { Reason = RateLimitReason.UnknownPolicy } },
        { "a reason of a later version", Refusal with { Reason = (RateLimitReason)99 } },
    };

    [Theory]
    [MemberData(nameof(NotRepeatable), DisableDiscoveryEnumeration = true)]
    public void Decision_ThatIsNoPlainRefusal_IsNotRepeated(string name, RateLimitDecision decision) =>
        Assert.True(DenyRules.RepeatableFor(Call, decision) <= TimeSpan.Zero, name);

    [Theory]
    [InlineData(10_000, 10_000, 10_000 - 20 - 1)]
    [InlineData(20_000, 10_000, 10_000 - 20 - 1)]
    [InlineData(10_000, 0, 10_000 - 20 - 1)]
    [InlineData(1, 1, 0)]
    public void Refusal_EndsBeforeTheGrainWouldSayAnythingElse(int retryAfterMs, int moreAfterMs, int expectedMs)
    {
        var refusal = Refusal with
        {
            RetryAfter = TimeSpan.FromMilliseconds(retryAfterMs),
            MoreAfter = TimeSpan.FromMilliseconds(moreAfterMs),
        };

        var repeatable = DenyRules.RepeatableFor(Call, refusal);

        Assert.InRange(repeatable.TotalMilliseconds, expectedMs - 0.01, expectedMs);
    }

    [Fact]
    public void Refusal_OfAColdRegion_IsAskedForAgainAfterASecond()
    {
        Assert.Equal(DenyRules.ColdMax, DenyRules.RepeatableFor(Call, Refusal with { Cold = true }));
        Assert.True(
            DenyRules.RepeatableFor(Call, Refusal with { Cold = true, RetryAfter = TimeSpan.FromSeconds(0.5) })
            < TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public void Refusal_WhileASiloMayKnowAnOlderPolicy_IsNotRepeated()
    {
        var young = Call with { PolicyKnownFor = TenantDirectory.StaleMax - TimeSpan.FromTicks(1) };

        Assert.Equal(TimeSpan.Zero, DenyRules.RepeatableFor(young, Refusal));
    }

    [Theory]
    [InlineData("2001:db8::/64", "2001:db8::7", null, false)]
    [InlineData("2001:db8::/64", null, "2001:db8::/96", false)]
    [InlineData("2001:db8::/64", "192.0.2.0/24", "198.51.100.7", true)]
    [InlineData("2001:db8::/64", null, null, true)]
    [InlineData("203.0.113.7", "2001:db8::7", null, true)]
    public void Refusal_OfANetworkWithListedAddresses_IsNotRepeated(
        string subject, string? allow, string? deny, bool isRepeated)
    {
        var call = Call with
        {
            Key = new RateLimitKey("t", "p", SubjectKind.Address, subject),
            Policy = RateLimitPolicy.BuiltIn with
            {
                Allow = allow is null ? [] : [allow],
                Deny = deny is null ? [] : [deny],
            },
            Address = allow is null && deny is null ? null : subject.Split('/')[0],
        };

        Assert.Equal(isRepeated, DenyRules.RepeatableFor(call, Refusal) > TimeSpan.Zero);
    }
}
