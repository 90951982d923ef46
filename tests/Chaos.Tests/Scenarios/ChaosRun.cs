using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.Auditing.Load;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.Idempotency.Load;
using Gatehouse.Chaos.Tests.RateLimiting.Load;
using Gatehouse.Chaos.Tests.SigningKeys.Load;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>Clients of one or more regions, the faults meanwhile, and the judgement of it all.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    private static long _requests;
    private static long _violations;

    private readonly ChaosRound _round;
    private readonly HttpWitness _http;
    private readonly ConcurrentQueue<Fault> _faults = new();
    private readonly List<IWorkload> _workloads = [];
    private bool _isChecked;

    private ChaosRun(ChaosRound round, IReadOnlyList<ChaosCluster> regions, HttpWitness http)
    {
        (_round, Regions, _http) = (round, regions, http);
        Start = Clock.Now;
    }

    /// <summary>Of all runs of this process that were judged.</summary>
    public static long Requests => _requests;

    /// <summary>The same.</summary>
    public static long Violations => _violations;

    public IReadOnlyList<ChaosCluster> Regions { get; }

    public HistoryClock Clock { get; } = new();

    public TimeSpan Start { get; }

    /// <summary>Callers of all areas, in one region.</summary>
    public static Task<ChaosRun> StartAsync(ChaosRound round, ChaosCluster cluster) => StartAsync(
        round, [cluster],
        async run => await LimitWorkload.StartAsync(run, run.Tenant("limits")),
        async run => await AuditWorkload.StartAsync(run, run.Tenant("audit")),
        async run => await IdempotencyWorkload.StartAsync(run, run.Tenant("idempotency")),
        async run => await KeyWorkload.StartAsync(run, run.Tenant("keys")));

    /// <summary>Callers of limits that all regions share.</summary>
    public static Task<ChaosRun> StartAsync(ChaosRound round, IReadOnlyList<ChaosCluster> regions, int unseenRegions) =>
        StartAsync(
            round, regions, async run => await LimitWorkload.StartGlobalAsync(run, run.Tenant("limits"), unseenRegions));

    /// <summary>Certain callers only.</summary>
    public static async Task<ChaosRun> StartAsync(
        ChaosRound round, IReadOnlyList<ChaosCluster> regions, params Func<ChaosRun, Task<IWorkload>>[] workloads)
    {
        var run = new ChaosRun(round, regions, await HttpWitness.StartAsync(regions));
        run._workloads.Add(run._http);
        foreach (var start in workloads)
        {
            run._workloads.Add(await start(run));
        }

        return run;
    }

    /// <summary>Callers that come later.</summary>
    public async Task<T> AddAsync<T>(Task<T> starting)
        where T : IWorkload
    {
        var workload = await starting;
        _workloads.Add(workload);
        return workload;
    }

    /// <summary>The one of its kind.</summary>
    public T Workload<T>()
        where T : IWorkload => _workloads.OfType<T>().Single();

    /// <summary>The load goes on for a while. Not a wait for anything: time is what a history is made of.</summary>
    public static Task GoOnAsync(TimeSpan time) => Task.Delay(time);

    public RecordingClient ClientOf(ChaosCluster region) => new(region, Clock, _http.Calls);

    /// <summary>Chance of a client's own, from the seed.</summary>
    public Random NewRandom() => new(_round.Random.Next());

    /// <summary>Every run has tenants of its own: clusters are used again.</summary>
    public string Tenant(string area) => $"{area}-{Convert.ToHexStringLower(BitConverter.GetBytes(_round.Seed))}-{_round.Number}";

    /// <summary>Does something to the system and writes it down with what it may cost.</summary>
    public async Task DoAsync(string what, Fault costs, Func<Task> act)
    {
        var from = Clock.Now;
        await act();
        _faults.Enqueue(costs with { Name = $"{costs.Name} {what}", From = from, To = Clock.Now });
    }

    /// <summary>Ends the load and holds its history against the promises.</summary>
    public async Task CheckAsync()
    {
        await StopAsync();
        var judgements = new List<Judgement>();
        foreach (var workload in _workloads)
        {
            judgements.Add(await workload.JudgeAsync([.. _faults]));
        }

        _isChecked = true;
        Interlocked.Add(ref _requests, _http.Calls.Count);
        Interlocked.Add(ref _violations, judgements.Sum(judgement => judgement.Violations.Count));
        var report = new ChaosReport(_round, this, [.. _faults], judgements);
        _round.Log.WriteLine(report.Summary());
        if (report.IsBad)
        {
            _round.Log.WriteLine(report.Write());
        }

        Assert.False(report.IsBad, report.Headline());
    }

    /// <summary>A run that ended before it was checked failed: what happened until then is told here.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isChecked)
        {
            await StopAsync();
            var report = new ChaosReport(_round, this, [.. _faults], []);
            _round.Log.WriteLine(report.Summary());
            _round.Log.WriteLine(report.Write());
        }
    }

    private Task StopAsync() => Task.WhenAll(_workloads.Select(workload => workload.StopAsync()));
}
