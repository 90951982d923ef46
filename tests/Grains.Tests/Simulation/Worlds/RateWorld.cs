using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Tests.RateLimiting;
using Gatehouse.Grains.Tests.Resilience;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>
/// One subject of one policy, decided by the product's own grain with its keeper and cores. The script is
/// <see cref="CeilingModel"/>, which the real store is held against, too; what it forgets by its time to live is modelled
/// here.
/// </summary>
internal sealed class RateWorld : World, ICeilingStore
{
    private const string Key = "t/default/s/subject";
    private static readonly TimeSpan DeclaredDeadAfter = TimeSpan.FromSeconds(16);

    private readonly Defect? _defect;
    private readonly CeilingModel _store = new();
    private readonly FakeRegionStore _region;
    private readonly List<RateSilo> _silos = [];
    private readonly List<Subject> _subjects = [];
    private readonly RateHistory _history;
    private readonly RateLimitPolicy _policy;
    private long _storedUntil = long.MaxValue;

    public RateWorld(SimulationCase simulated, Defect? defect = null)
        : base(simulated)
    {
        _defect = defect;
        _region = new FakeRegionStore(Time);
        var window = TimeSpan.FromMilliseconds(Random.Next(2_000, 60_000));
        _policy = new RateLimitPolicy
        {
            Limit = Random.Next(4) == 0 ? Random.Next(1, 8) : Random.Next(8, 80),
            Window = window,
            Algorithm = (RateLimitAlgorithm)Random.Next(1, 4),
            ColdStart = new ColdStart { Duration = 3 * window },
            OnStoreFailure = Random.Next(2) == 0 ? StoreFailureMode.Reduced : StoreFailureMode.Deny,
        };
        _history = new RateHistory(_policy);
    }

    /// <summary>Whether silos do.</summary>
    public bool NoticesStandstills { get; init; } = true;

    protected override TimeSpan PauseMax => _policy.Window * 3;

    private Subject Current => _subjects[^1];

    public Task<ReserveAnswer> ReserveAsync(string key, string owner, ReserveRequest request)
    {
        if (Time.NowTicks > _storedUntil)
        {
            _store.Clear();
        }

        _storedUntil = Time.NowTicks + (request.TimeToLiveMs * TimeSpan.TicksPerMillisecond);
        return Task.FromResult(_store.Reserve(owner, request));
    }

    public Task DeleteAsync(string key)
    {
        _store.Clear();
        return Task.CompletedTask;
    }

    protected override TimeSpan Start()
    {
        Time.In(0, () => Run(async () =>
        {
            await _region.StartAsync("r");
            await AddSubjectAsync();
        }));
        // No longer young.
        return 4 * _policy.Window;
    }

    protected override void Step()
    {
        switch (Random.Next(12))
        {
            case 0 when Has(Faults.Crash):
                Replace(crashed: true);
                break;
            case 1 when Has(Faults.Zombie):
                Replace(crashed: false);
                break;
            case 2 when Has(Faults.Outage):
                Network.CutOff(_policy.Window * Random.NextDouble());
                break;
            case 3 when Has(Faults.Flush):
                (_history.Flushes, _storedUntil) = ([.. _history.Flushes, NowMs], long.MaxValue);
                _store.Clear();
                _region.Flush();
                break;
            case 4 when Has(Faults.Restart):
                // It asks for its own end, and tells what it admitted.
                Run(() => HandOverAsync(Current));
                break;
            case 5 when Has(Faults.Pause) && Current.Host.Silo.StandsStillUntil <= Time.NowTicks:
                StandStill(Current);
                break;
            default:
                Burst();
                break;
        }
    }

    protected override void Heal()
    {
        foreach (var subject in _subjects.SkipLast(1))
        {
            subject.Host.Silo.Crash();
        }

        if (Broken is null && (Current.Host.IsGone || Current.Host.Silo.StandsStillUntil > Time.NowTicks))
        {
            Replace(crashed: true);
        }
    }

    /// <summary>When nobody has called for long enough, all is there again, and is admitted, and no more than that.</summary>
    protected override void Converge()
    {
        Time.RunFor(_policy.Window * 5);
        var full = Await(TimeSpan.FromSeconds(5), () => CheckAsync(0));
        if (full is not { Degraded: false, Cold: false } || full.Remaining != _policy.Limit)
        {
            Break($"idle for five windows, the subject is told {full}");
        }

        // Where the store was away when it was last asked, one call finds out that it is back, and does not wait for it.
        var all = Await(TimeSpan.FromSeconds(5), () => CheckAsync(_policy.Limit));
        if (all is { Allowed: false, Decision.Reason: RateLimitReason.StoreUnavailable } or { Degraded: true })
        {
            Time.RunFor(TimeSpan.FromSeconds(1));
            all = Await(TimeSpan.FromSeconds(5), () => CheckAsync(_policy.Limit));
        }

        var more = Await(TimeSpan.FromMilliseconds(10), () => CheckAsync(1));
        // Another fixed window may have begun, or a bucket have drained.
        var isRefused = more is { Allowed: false } || _policy.Algorithm is not RateLimitAlgorithm.SlidingWindow;
        if (all is not { Allowed: true } || !isRefused)
        {
            Break($"of a full limit: {all}, and one more: {more}");
        }

        _silos.ForEach(silo => silo.Dispose());
    }

    private long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Burst()
    {
        var (count, costMax) = (Random.Next(1, 8), Random.Next(4) == 0 ? RateHistory.CostMax : 1);
        for (var i = 0; i < count; i++)
        {
            // Mostly of the latest activation: what a membership change leaves behind is called now and then.
            var subject = Random.Next(4) == 0 ? _subjects[Random.Next(_subjects.Count)] : Current;
            var cost = Random.Next(0, costMax + 1);
            if (!subject.Host.IsGone)
            {
                subject.Tail = CallAsync(subject, subject.Tail, cost);
            }
        }
    }

    private async Task<Answer> CheckAsync(long cost)
    {
        var subject = Current;
        await subject.Tail;
        return new Answer(await subject.Grain.CheckAsync(cost, null));
    }

    /// <summary>One call at a time: a grain is a queue.</summary>
    private async Task CallAsync(Subject subject, Task before, long cost)
    {
        await before;
        if (subject.Host.IsGone)
        {
            return;
        }

        await subject.Host.Silo.GoesOnAsync();
        var decision = await subject.Grain.CheckAsync(cost, null);
        if (subject.Host.Silo.HasCrashed)
        {
            return;
        }

        if (decision is { Allowed: true, Degraded: true } && cost > 0 && Time.NowTicks < subject.InDoubtUntil)
        {
            Break("after a standstill, and before the silo knew that it was not declared dead, it admitted without the store");
        }

        Answered++;
        if (decision.Degraded)
        {
            subject.Life.DegradedMs.Add(NowMs);
        }

        if (_history.Add(NowMs, subject.Life, cost, decision) is { } broken)
        {
            Break(broken);
        }
    }

    /// <summary>
    /// A silo stands still. If for long, the others declare it dead and the subject is called elsewhere; going on, it
    /// serves what has come meanwhile, and then finds out and ends itself.
    /// </summary>
    private void StandStill(Subject subject)
    {
        var length = DeclaredDeadAfter * 2 * Random.NextDouble();
        subject.Host.Silo.StandStill(length, TimeSpan.FromSeconds(2) * Random.NextDouble());
        if (length > Standstill.Min + TimeSpan.FromSeconds(1))
        {
            subject.InDoubtUntil = Time.NowTicks + (length + Standstill.DoubtMax).Ticks;
        }

        if (length < DeclaredDeadAfter)
        {
            return;
        }

        Time.In(DeclaredDeadAfter.Ticks, () => ReplaceIfCurrent(subject));
        Time.In((length + (Standstill.DoubtMax * Random.NextDouble())).Ticks, () =>
        {
            Crash(subject);
            ReplaceIfCurrent(subject);
        });
    }

    private void ReplaceIfCurrent(Subject subject)
    {
        if (subject == Current)
        {
            Replace(crashed: false);
        }
    }

    private void Replace(bool crashed)
    {
        if (crashed)
        {
            Crash(Current);
        }

        Run(() => AddSubjectAsync());
    }

    private void Crash(Subject subject)
    {
        subject.Host.Silo.Crash();
        subject.Life.EndMs = Math.Min(subject.Life.EndMs, NowMs);
    }

    private async Task HandOverAsync(Subject subject)
    {
        if (subject.Host.IsGone)
        {
            return;
        }

        subject.Host.Leave();
        await subject.Tail;
        await subject.Grain.OnDeactivateAsync(
            new DeactivationReason(DeactivationReasonCode.ShuttingDown, "It leaves."), CancellationToken.None);
        var isMoved = Random.Next(2) == 0;
        // Where every command arrives, so does its last one; who moves takes along what was not told.
        subject.Life.HasToldAll = isMoved || !Has(Faults.LostCommand | Faults.LostAnswer | Faults.Delay | Faults.Outage);
        subject.Life.EndMs = NowMs;
        await AddSubjectAsync(isMoved ? subject.Grain : null);
    }

    private async Task AddSubjectAsync(RateLimitGrain? moved = null)
    {
        var silo = NewSilo();
        var rate = new RateSilo(
            silo, Time, FaultyStore.Of<ICeilingStore>(this, silo, Network, _defect), _region, RateSilo.TenantOf(_policy), Meters,
            new Standstill(NoticesStandstills ? silo.Time : new StoppableProcess()));
        _silos.Add(rate);
        var host = new GrainHost(Key, silo, Time);
        var subject = new Subject(host, rate.Activate(host), _history.Begin(NowMs));
        subject.Tail = rate.StartAsync();
        _subjects.Add(subject);
        if (moved is not null)
        {
            Subject.Move(moved, subject.Grain);
        }

        await subject.Grain.OnActivateAsync(CancellationToken.None);
        await subject.Tail;
    }
}
