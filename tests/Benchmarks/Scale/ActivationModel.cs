using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>
/// One activation of a subject's grain: the product's keepers and, because a grain needs a runtime, the grain's loop
/// around them. One call at a time; the others wait in line.
/// </summary>
internal sealed class ActivationModel
{
    private const string Key = "scale/policy/opaque/subject";

    private readonly ScaleCase _case;
    private readonly RegionModel _region;
    private readonly SubjectLinks _links;
    private readonly SubjectHistory _history;
    private readonly ScaleCounts _counts;
    private readonly VirtualTime _time;
    private readonly CeilingKeeper _keeper;
    private readonly GlobalKeeper? _global;
    private readonly GlobalLimit _limit;
    private readonly Action<Verdict> _refused;
    private Task _serving = Task.CompletedTask;
    private int _queued;
    private long _unknownUntilMs;

    public ActivationModel(
        ScaleCase scaleCase, RegionModel region, SubjectLinks links, SubjectHistory history, ScaleCounts counts,
        VirtualTime time, Action<Verdict> refused)
    {
        (_case, _region, _links, _history, _counts, _time) = (scaleCase, region, links, history, counts, time);
        var (ceilings, global) = region.Connect(links);
        _keeper = new CeilingKeeper(Key, ceilings);
        _global = scaleCase.IsRegional ? null : new GlobalKeeper(Key, global);
        _limit = new GlobalLimit { Mode = GlobalMode.Eventual, Multiplier = scaleCase.Multiplier };
        _refused = refused;
    }

    public void Call()
    {
        _queued++;
        if (_serving.IsCompleted)
        {
            // What goes wrong in here is a fault of the simulation, and must not be lost with the task.
            _serving.GetAwaiter().GetResult();
            _serving = ServeAsync();
        }
    }

    private async Task ServeAsync()
    {
        while (_queued > 0 && !_links.HasCrashed)
        {
            _queued--;
            _counts.Decided++;
            var call = CheckAsync();
            _counts.Waited += call.IsCompleted ? 0 : 1;
            await call;
        }
    }

    private async Task CheckAsync()
    {
        if (!_keeper.IsLoaded && !await _keeper.LoadAsync(QuotaAt(isUncovered: false), 1))
        {
            _unknownUntilMs = _region.Clock.NowMs + (long)ScaleCase.Window.TotalMilliseconds;
        }

        var isCovered = true;
        for (var round = 0; round < 8 && !_links.HasCrashed; round++)
        {
            switch (TryDecide(isCovered))
            {
                case Missing.None:
                    return;
                case Missing.Reservation:
                    isCovered = await _keeper.WaitForAsync(1);
                    break;
                case Missing.OtherRegions:
                    await _global!.WaitAsync(_keeper.CeilingAt(_region.Clock.NowMs));
                    break;
            }
        }
    }

    private Missing TryDecide(bool isCovered)
    {
        var nowMs = _region.Clock.NowMs;
        isCovered &= nowMs >= _unknownUntilMs;
        var quota = QuotaAt(!isCovered);
        var room = _global?.Room(quota, _limit) ?? GlobalRoom.Unlimited;
        var (verdict, missing) = _keeper.Acquire(quota, room, 1, nowMs, needsCover: isCovered);
        if (missing is Missing.None && verdict.Allowed)
        {
            _counts.Admitted++;
            _history.Admit(_time.NowTicks, _region.Index);
            if (_global is { IsCutOff: true })
            {
                _history.CutOff.Add(_region.Index);
            }

            _global?.Admitted(_keeper.Counts.Ceiling, room, quota.Limit);
        }
        else if (missing is Missing.None)
        {
            _refused(verdict);
        }

        return missing;
    }

    /// <summary>While the store does not answer, or has lost the history, the reduced limit holds.</summary>
    private Quota QuotaAt(bool isUncovered)
    {
        var windowMs = (long)ScaleCase.Window.TotalMilliseconds;
        return new Quota(RateLimitAlgorithm.SlidingWindow, _case.Limit, Quota.Cold(_case.Limit, 0.5m), windowMs,
            isUncovered ? _region.Clock.NowMs + (windowMs / 6) : 0);
    }
}
