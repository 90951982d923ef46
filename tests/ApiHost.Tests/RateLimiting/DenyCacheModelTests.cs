using System.Diagnostics.Metrics;
using CsCheck;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>
/// One host's memory beside the exact counter: calls that take their time on the way, other callers, refunds and resets
/// from here and elsewhere, policy changes that the host or the silo sees first, and a region's time that runs faster.
/// </summary>
public class DenyCacheModelTests
{
    [Theory]
    [InlineData(RateLimitAlgorithm.SlidingWindow)]
    [InlineData(RateLimitAlgorithm.TokenBucket)]
    [InlineData(RateLimitAlgorithm.FixedWindow)]
    public void Remembered_IsNeverWhatTheCounterWouldAdmit(RateLimitAlgorithm algorithm)
    {
        var repeated = 0;
        Gen.Int.Sample(
            seed => Interlocked.Add(ref repeated, new Model(new Random(seed), algorithm).Run()), iter: 300);

        // Else nothing was remembered, and nothing was tested.
        Assert.True(repeated > 1000, $"only {repeated} refusals were repeated");
    }

    /// <summary>One policy as one side knows it, and the one it will know a little later.</summary>
    private sealed class View(RateLimitPolicy policy)
    {
        private (RateLimitPolicy Policy, TimeSpan At)? _next;

        public RateLimitPolicy Policy { get; private set; } = policy;

        public TimeSpan Since { get; private set; }

        public bool IsBehind => _next is not null;

        public void Learn(RateLimitPolicy policy, TimeSpan at) => _next = (policy, at);

        public void CatchUp(TimeSpan now)
        {
            if (_next is { } next && now >= next.At)
            {
                (Policy, Since, _next) = (next.Policy, now, null);
            }
        }
    }

    private sealed class Model
    {
        private const int Events = 300;
        private static readonly RateLimitKey Key = new("t", "p", SubjectKind.Opaque, "s");

        private readonly Random _random;
        private readonly RateLimitAlgorithm _algorithm;
        private readonly FakeTimeProvider _time = new();
        private readonly DateTimeOffset _start;
        private readonly DenyCache _cache;
        private readonly double _rate;
        private readonly long _regionStartedMs;
        private readonly View _host;
        private readonly View _silo;
        private RateLimitState _state;
        private bool _isAnnouncementUnderWay;
        private int _touched;
        private (Denial Denial, int Touched, TimeSpan Way)? _last;

        public Model(Random random, RateLimitAlgorithm algorithm)
        {
            (_random, _algorithm, _start) = (random, algorithm, _time.GetUtcNow());
            var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
            _cache = new DenyCache(_time, new FakeChangeFeed(), Options.Create(new DenyCacheOptions()),
                new DenyCacheMetrics(services.GetRequiredService<IMeterFactory>()));
            _rate = _random.Next(3) switch { 0 => 0.999, 1 => 1.001, _ => 1 };
            _regionStartedMs = OneIn(2) ? RegionMs : 0;
            var policy = NewPolicy();
            (_host, _silo) = (new View(policy), new View(policy));
        }

        private TimeSpan Now => _time.GetUtcNow() - _start;

        private long RegionMs => 1_769_860_800_000 + (long)(Now.TotalMilliseconds * _rate);

        /// <summary>Answers how many calls were refused from memory.</summary>
        public int Run()
        {
            var repeated = 0;
            for (var i = 0; i < Events; i++)
            {
                switch (_random.Next(20))
                {
                    case 0: GiveBack(DenyDropCause.Refund); break;
                    case 1: GiveBack(DenyDropCause.Reset); break;
                    case 2: GiveBack(DenyDropCause.Announced); break;
                    case 3: ChangePolicy(); break;
                    case < 7: Pass(5000); break;
                    case < 9: Spend(1 + _random.Next(3)); break;
                    default: repeated += Call(1 + _random.Next(4)) ? 1 : 0; break;
                }
            }

            return repeated;
        }

        private bool Call(long cost)
        {
            Pass(20);
            var call = new CheckCall(Key, _host.Policy, Now - _host.Since, cost, Address: null);
            if (_cache.Find(call, out var ticket) is { } denial)
            {
                Expect(denial, cost);
                return true;
            }

            OnTheWay();
            var decision = Decide(cost);
            var (decidedAt, touched) = (Now, _touched);
            OnTheWay();
            _cache.Remember(ticket, call, decision);
            if (_cache.Find(call, out _) is { } kept && kept.Decision == decision)
            {
                _last = (kept, touched, Now - decidedAt);
            }

            return false;
        }

        /// <summary>The counter would refuse this very call now; with nothing else happening, in these very words.</summary>
        private void Expect(Denial denial, long cost)
        {
            if (_host.IsBehind || _isAnnouncementUnderWay)
            {
                // Nobody told this host yet.
                return;
            }

            var (_, exact) = RateLimiter.Acquire(_state, QuotaOf(_host.Policy), cost, RegionMs);
            Assert.False(exact.Allowed, $"a cost of {cost} would be admitted, and was refused from memory");
            if (_last is not { } last || last.Denial != denial || last.Touched != _touched || _rate > 1
                || _silo.Policy != _host.Policy)
            {
                return;
            }

            var said = denial.After(denial.Age, cost);
            // A region may have ceased to be cold within the second that its refusals are kept.
            Assert.True(said.Cold || (exact.EffectiveLimit, exact.Remaining) == (said.EffectiveLimit, said.Remaining));
            if (exact.RetryAfterMs == Verdict.Never)
            {
                Assert.Equal((RateLimitReason.CostExceedsLimit, null), (said.Reason, said.RetryAfter));
            }
            else if (cost == denial.Cost && _rate >= 1)
            {
                // Counted from when the answer came, so that whoever waits so long is not early; rounded twice.
                var tooLong = said.RetryAfter!.Value.TotalMilliseconds - exact.RetryAfterMs;
                Assert.InRange(tooLong, 0, last.Way.TotalMilliseconds + 2);
            }
        }

        private RateLimitDecision Decide(long cost)
        {
            var (policy, quota) = (new SubjectPolicy(_silo.Policy, Key), QuotaOf(_silo.Policy));
            (_state, var verdict) = RateLimiter.Acquire(_state, quota, cost, RegionMs);
            _touched += verdict.Allowed ? 1 : 0;
            return Decisions.From(verdict, policy, cold: RegionMs < quota.ColdUntilMs, degraded: false);
        }

        private void OnTheWay()
        {
            Pass(30);
            switch (_random.Next(40))
            {
                case 0: GiveBack(DenyDropCause.Reset); break;
                case 1: GiveBack(DenyDropCause.Announced); break;
                case 2: ChangePolicy(); break;
                case < 6: Spend(1); break;
                default: break;
            }
        }

        private void Spend(long cost) => Decide(cost);

        private void GiveBack(DenyDropCause cause)
        {
            _touched++;
            _state = cause is DenyDropCause.Reset || OneIn(2)
                ? RateLimitState.Empty
                : RateLimiter.Refund(_state, QuotaOf(_silo.Policy), 1 + _random.Next(5), RegionMs);
            if (cause is not DenyDropCause.Announced)
            {
                _cache.Forget(Key, cause);
                return;
            }

            _isAnnouncementUnderWay = true;
            Pass(200);
            Call(1);
            _cache.SubjectChanged(Key);
            _isAnnouncementUnderWay = false;
        }

        private void ChangePolicy()
        {
            if (_host.IsBehind || _silo.IsBehind)
            {
                return;
            }

            var policy = NewPolicy();
            var later = Now + (_random.NextDouble() * TenantDirectory.StaleMax);
            _host.Learn(policy, OneIn(2) ? Now : later);
            _silo.Learn(policy, OneIn(2) ? Now : later);
            Pass(1);
        }

        private void Pass(int millisecondsMax)
        {
            _time.Advance(TimeSpan.FromTicks(_random.NextInt64(1, millisecondsMax * TimeSpan.TicksPerMillisecond)));
            _host.CatchUp(Now);
            _silo.CatchUp(Now);
        }

        private bool OneIn(int count) => _random.Next(count) == 0;

        private RateLimitPolicy NewPolicy() => new()
        {
            Limit = 1 + _random.Next(6),
            Window = TimeSpan.FromSeconds(1 + _random.Next(120)),
            Algorithm = _algorithm,
            ColdStart = new ColdStart { Duration = OneIn(2) ? TimeSpan.Zero : TimeSpan.FromMinutes(2) },
        };

        private Quota QuotaOf(RateLimitPolicy policy) =>
            new SubjectPolicy(policy, Key).QuotaAt(RegionMs, _regionStartedMs, unknownUntilMs: 0);
    }
}
