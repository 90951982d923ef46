using System.Diagnostics.Metrics;
using System.Globalization;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>What is remembered, for how long, and what makes it forgotten.</summary>
public sealed class DenyCacheTests : IDisposable
{
    private static readonly RateLimitPolicy Policy = RateLimitPolicy.BuiltIn;

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

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeChangeFeed _feed = new();
    private readonly MeterListener _drops = new();
    private readonly List<string?> _dropCauses = [];
    private readonly DenyCache _cache;

    public DenyCacheTests()
    {
        _cache = New(100_000);
        _drops.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "gatehouse.ratelimit.denied.drops"
                && instrument.Meter.Scope == _services.GetRequiredService<IMeterFactory>())
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _drops.SetMeasurementEventCallback<long>((_, _, tags, _) => _dropCauses.Add((string?)tags[0].Value));
        _drops.Start();
    }

    public void Dispose()
    {
        _drops.Dispose();
        _services.Dispose();
    }

    [Theory]
    [InlineData(5, 5, true)]
    [InlineData(5, 6, true)]
    [InlineData(5, 4, false)]
    public void Refusal_AnswersThatCostOrMore(long refused, long asked, bool isAnswered)
    {
        Remember(Call(cost: refused));

        Assert.Equal(isAnswered, _cache.Find(Call(cost: asked), out _) is not null);
    }

    [Fact]
    public void Refusal_OfASmallerCost_ReplacesTheLargerOne()
    {
        Remember(Call(cost: 5));
        Remember(Call(cost: 2));

        Assert.Equal(2, _cache.Find(Call(cost: 9), out _)!.Cost);
    }

    [Fact]
    public void Refusal_OfALargerCostThatCameLate_DoesNotReplaceTheSmallerOne()
    {
        _cache.Find(Call(cost: 5), out var late);
        Remember(Call(cost: 2));

        _cache.Remember(late, Call(cost: 5), Refusal);

        Assert.Equal(2, _cache.Find(Call(cost: 2), out _)!.Cost);
    }

    [Fact]
    public void Refusal_EndsBeforeItsOwnWait_CountedFromBeforeTheGrainWasAsked()
    {
        _cache.Find(Call(), out var ticket);
        _time.Advance(TimeSpan.FromSeconds(3));
        _cache.Remember(ticket, Call(), Refusal);

        _time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.NotNull(_cache.Find(Call(), out _));
        _time.Advance(TimeSpan.FromSeconds(0.1) - TimeSpan.FromMilliseconds(1));
        Assert.Null(_cache.Find(Call(), out _));
    }

    [Fact]
    public void Refusal_WithUnitsThatComeBackEarlier_EndsWhenTheyDo()
    {
        Remember(Call(cost: 5), Refusal with { Remaining = 3, MoreAfter = TimeSpan.FromSeconds(2) });

        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.NotNull(_cache.Find(Call(cost: 5), out _));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Null(_cache.Find(Call(cost: 5), out _));
    }

    [Fact]
    public void Peek_IsNeitherAnsweredNorRemembered()
    {
        Remember(Call(cost: 0));
        Assert.Null(_cache.Find(Call(), out _));
        Remember(Call());

        Assert.Null(_cache.Find(Call(cost: 0), out _));
    }

    [Fact]
    public void Subjects_OfOtherTenantsPoliciesAndKinds_AreOthers()
    {
        Remember(Call());

        foreach (var other in new[]
        {
            Call().Key with { Tenant = "u" }, Call().Key with { Policy = "q" }, Call().Key with { Subject = "S" },
            Call().Key with { Kind = SubjectKind.Address },
        })
        {
            Assert.Null(_cache.Find(Call() with { Key = other }, out _));
        }
    }

    [Theory]
    [InlineData("refund")]
    [InlineData("reset")]
    [InlineData("announced")]
    public void Forgotten_SubjectIsAskedAgain_AndSoIsWhatWasUnderWay(string cause)
    {
        Remember(Call());
        var other = Call() with { Key = Call().Key with { Subject = "other" } };
        _cache.Find(other, out var underWay);

        Forget(Call().Key, cause);
        Forget(other.Key, cause);
        _cache.Remember(underWay, other, Refusal);

        Assert.Null(_cache.Find(Call(), out _));
        Assert.Null(_cache.Find(other, out _));
        Assert.Equal([cause], _dropCauses);
        Remember(other);
        Assert.NotNull(_cache.Find(other, out _));
    }

    [Fact]
    public void Missed_AllIsAskedAgain_AndSoIsWhatWasUnderWay()
    {
        Remember(Call());
        var other = Call() with { Key = Call().Key with { Subject = "other" } };
        _cache.Find(other, out var underWay);

        _cache.ChangesMissed();
        _cache.Remember(underWay, other, Refusal);

        Assert.Null(_cache.Find(Call(), out _));
        Assert.Null(_cache.Find(other, out _));
    }

    [Fact]
    public void NotCurrent_NothingIsAnswered_UntilItIsAgain()
    {
        Remember(Call());

        _feed.CurrentUntil = _time.GetTimestamp();
        Assert.Null(_cache.Find(Call(), out _));
        _feed.CurrentUntil = _time.GetTimestamp() + 1;
        Assert.NotNull(_cache.Find(Call(), out _));
    }

    [Fact]
    public void Policy_OfAnotherObject_DropsTheRefusal()
    {
        Remember(Call());

        Assert.Null(_cache.Find(Call() with { Policy = Policy with { Limit = 100 } }, out _));
        Assert.Null(_cache.Find(Call(), out _));
        Assert.Equal(["policy"], _dropCauses);
    }

    [Fact]
    public void Full_TheRefusalThatEndsFirstGoes()
    {
        var cache = New(DenySet.Places);
        for (var i = 0; i <= DenySet.Places; i++)
        {
            var call = Call() with { Key = Call().Key with { Subject = i.ToString(CultureInfo.InvariantCulture) } };
            // The one in the middle ends first.
            var wait = TimeSpan.FromSeconds(i == 4 ? 5 : 10 + i);
            Remember(call, Refusal with { RetryAfter = wait, MoreAfter = wait }, cache);
        }

        Assert.Equal(["evicted"], _dropCauses);
        for (var i = 0; i <= DenySet.Places; i++)
        {
            var call = Call() with { Key = Call().Key with { Subject = i.ToString(CultureInfo.InvariantCulture) } };
            Assert.Equal(i != 4, cache.Find(call, out _) is not null);
        }
    }

    [Fact]
    public void SwitchedOff_NothingIsRemembered()
    {
        var cache = New(0);
        Remember(Call(), Refusal, cache);
        cache.SubjectChanged(Call().Key);

        Assert.Null(cache.Find(Call(), out _));
    }

    private static CheckCall Call(long cost = 1) => new(
        new RateLimitKey("t", "p", SubjectKind.Opaque, "s"), Policy, TenantDirectory.StaleMax, cost, Address: null);

    private void Forget(in RateLimitKey key, string cause)
    {
        if (cause == "announced")
        {
            _cache.SubjectChanged(key);
        }
        else
        {
            _cache.Forget(key, cause == "refund" ? DenyDropCause.Refund : DenyDropCause.Reset);
        }
    }

    private void Remember(CheckCall call) => Remember(call, Refusal, _cache);

    private void Remember(CheckCall call, RateLimitDecision decision) => Remember(call, decision, _cache);

    private static void Remember(CheckCall call, RateLimitDecision decision, DenyCache cache)
    {
        cache.Find(call, out var ticket);
        cache.Remember(ticket, call, decision);
    }

    private DenyCache New(int max) => new(_time, _feed, Options.Create(new DenyCacheOptions { DeniedSubjectsMax = max }),
        new DenyCacheMetrics(_services.GetRequiredService<IMeterFactory>()));
}
