using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Tests.RateLimiting;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>
/// One subject in one region: calls that come at random, an API host that remembers refusals, and a silo that crashes.
/// </summary>
internal sealed class SubjectModel
{
    // Three probes of two seconds, then the subject is activated elsewhere.
    private static readonly long DownTicks = TimeSpan.FromSeconds(6).Ticks;

    // Whoever uses a limit up at once reserves about so often: the crash can be at the first time and at the last.
    private const int ReservationsMax = 8;

    // How long a refusal by the global limit is repeated at most.
    private static readonly long GlobalDenialTicks = TimeSpan.FromMilliseconds(250).Ticks;

    private readonly ScaleCase _case;
    private readonly RegionModel _region;
    private readonly GlobalModel _global;
    private readonly SubjectHistory _history;
    private readonly ScaleCounts _counts;
    private readonly VirtualTime _time;
    private readonly Random _random;
    private readonly double _callsPerTick;
    private readonly CeilingModel _store = new();
    private ActivationModel? _activation;
    private SubjectLinks? _links;
    private int _crashesDue;
    private long _deniedUntil;

    public SubjectModel(
        ScaleCase scaleCase, RegionModel region, GlobalModel global, SubjectHistory history, ScaleCounts counts,
        VirtualTime time, Random random)
    {
        (_case, _region, _global, _history) = (scaleCase, region, global, history);
        (_counts, _time, _random) = (counts, time, random);
        _callsPerTick = scaleCase.Load * scaleCase.Limit / scaleCase.CalledIn / ScaleCase.Window.Ticks;
    }

    public void Start()
    {
        Activate();
        CallNext(0);
        for (var i = 0; i < _case.Crashes; i++)
        {
            _time.In((long)(_random.NextDouble() * ScaleCase.Duration.Ticks), CrashSoon);
        }
    }

    private void Activate()
    {
        _links = new SubjectLinks(_region, _store, _global, _history, _counts, _time);
        _activation = new ActivationModel(_case, _region, _links, _history, _counts, _time, Refused);
        if (_crashesDue > 0)
        {
            _links.CrashInReservation(_random.Next(ReservationsMax), Crashed);
        }
    }

    private void Call()
    {
        _activation?.Call();
        _counts.Lost += _activation is null ? 1 : 0;
        // Refused callers go on calling, but nothing comes of it: on to the first call that is decided again.
        CallNext(Math.Max(0, _deniedUntil - _time.NowTicks));
    }

    /// <summary>Calls are independent of each other: after any pause the next one is as far away as ever.</summary>
    private void CallNext(long pause)
    {
        _counts.Offered += 1 + (pause * _callsPerTick);
        _time.In(pause + (long)(-Math.Log(1 - _random.NextDouble()) / _callsPerTick), Call);
    }

    /// <summary>What the API host keeps: until just before the wait ends, for as long as nobody else changes it.</summary>
    private void Refused(Verdict verdict)
    {
        var ticks = (verdict.RetryAfterMs - (verdict.RetryAfterMs / 500) - 1) * TimeSpan.TicksPerMillisecond;
        _deniedUntil = _time.NowTicks + (verdict.IsGlobal ? Math.Min(ticks, GlobalDenialTicks) : ticks);
    }

    private void CrashSoon()
    {
        _crashesDue++;
        _links?.CrashInReservation(_random.Next(ReservationsMax), Crashed);
    }

    private void Crashed()
    {
        _crashesDue--;
        _history.Crashes.Add((_time.NowTicks, _region.Index));
        (_activation, _links) = (null, null);
        _time.In(DownTicks, Activate);
    }
}
