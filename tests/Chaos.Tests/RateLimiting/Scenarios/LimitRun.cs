using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>One load on one or more regions, the faults meanwhile, and the judgement of it all.</summary>
internal sealed class LimitRun : IAsyncDisposable
{
    private readonly ChaosRound _round;
    private readonly IReadOnlyList<ChaosCluster> _regions;
    private readonly HistoryClock _clock = new();
    private readonly ConcurrentQueue<Fault> _faults = new();
    private readonly LimitLoad _load;
    private bool _isChecked;

    private LimitRun(
        ChaosRound round, IReadOnlyList<ChaosCluster> regions, IReadOnlyList<Limit> limits, double pressure)
    {
        (_round, _regions) = (round, regions);
        _load = new LimitLoad(regions, limits, _clock, round.Seed, pressure);
    }

    /// <summary>In one region.</summary>
    public static async Task<LimitRun> StartAsync(ChaosRound round, ChaosCluster cluster)
    {
        await LoadPolicies.PutAsync(cluster, LoadPolicies.Regional);
        return new LimitRun(round, [cluster], LoadPolicies.Regional, pressure: 2.5);
    }

    /// <summary>In regions that share their limits.</summary>
    public static async Task<LimitRun> StartAsync(ChaosRound round, IReadOnlyList<ChaosCluster> regions)
    {
        var limits = LoadPolicies.Global(regions.Count);
        foreach (var region in regions)
        {
            await LoadPolicies.PutAsync(region, limits);
        }

        return new LimitRun(round, regions, limits, pressure: 1.5);
    }

    /// <summary>The load goes on for a while. Not a wait for anything: time is what a history is made of.</summary>
    public static Task GoOnAsync(TimeSpan time) => Task.Delay(time);

    /// <summary>Does something to the system and writes it down with what it may cost.</summary>
    public async Task DoAsync(string what, Fault costs, Func<Task> act)
    {
        var from = _clock.Now;
        await act();
        _faults.Enqueue(costs with { Name = $"{costs.Name} {what}", From = from, To = _clock.Now });
    }

    /// <summary>Ends the load and holds its history against the promises.</summary>
    public async Task CheckAsync(IReadOnlyList<IHistoryChecker<LimitCall>> checkers)
    {
        var (history, report) = await ReportAsync(checkers);
        _isChecked = true;
        _round.Log.WriteLine(report.Summary());
        if (report.Violations.Count > 0)
        {
            _round.Log.WriteLine(report.Details(_regions.SelectMany(region => region.Outputs)));
        }

        Assert.True(report.Violations.Count == 0, report.Headline());
        ExpectSubstance(history);
    }

    /// <summary>A run that ended before it was checked failed: what happened until then is told here.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isChecked)
        {
            var (_, report) = await ReportAsync([]);
            _round.Log.WriteLine(report.Summary());
            _round.Log.WriteLine(report.Details(_regions.SelectMany(region => region.Outputs)));
        }
    }

    private async Task<(History<LimitCall> History, LimitReport Report)> ReportAsync(
        IReadOnlyList<IHistoryChecker<LimitCall>> checkers)
    {
        var history = History<LimitCall>.Of(await _load.StopAsync(), _faults);
        return (history, new LimitReport(_round, history, checkers.Check(history)));
    }

    /// <summary>A history in which little happened would prove little.</summary>
    private static void ExpectSubstance(History<LimitCall> history)
    {
        foreach (var hot in SubjectHistory.Of(history).Where(subject => subject.Calls[0].Subject == LimitLoad.Hot))
        {
            var refused = hot.Calls.Count(call => call.Outcome is CallOutcome.Refused);
            Assert.True(hot.Admitted.Count >= hot.Limit.Units, $"{hot}: only {hot.Admitted.Count} admitted");
            Assert.True(refused >= hot.Limit.Units / 3, $"{hot}: only {refused} refused");
        }

        var quiet = SubjectHistory.AcrossRegions(history)
            .Count(subject => subject.Calls[0].Subject != LimitLoad.Hot && subject.Admitted.Count > 1);
        Assert.True(quiet >= LimitLoad.QuietSubjects / 2, $"only {quiet} quiet subjects");
    }
}
