using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Auditing.Checkers;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.Scenarios;

namespace Gatehouse.Chaos.Tests.Auditing.Load;

/// <summary>Writers of one chain, each of which sends an event again until it is acknowledged.</summary>
internal sealed class AuditWorkload : IWorkload
{
    private const string Route = "/v1/tenants/{tenant}/audit/events";
    private const int Writers = 8;
    private const int RecordedMin = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentQueue<AuditCall> _calls = new();
    private readonly ChaosCluster _region;
    private readonly string _tenant;
    private readonly Task _writers;
    private volatile bool _isOver;

    private AuditWorkload(ChaosRun run, string tenant)
    {
        (_region, _tenant) = (run.Regions[0], tenant);
        _writers = Task.WhenAll(Enumerable.Range(0, Writers)
            .Select(writer => WriteAsync(run.ClientOf(_region), run.NewRandom(), writer)));
    }

    public string Name => "audit";

    public static async Task<AuditWorkload> StartAsync(ChaosRun run, string tenant)
    {
        await run.Regions[0].PutTenantAsync(tenant);
        return new AuditWorkload(run, tenant);
    }

    public Task StopAsync()
    {
        _isOver = true;
        return _writers;
    }

    public async Task<Judgement> JudgeAsync(IReadOnlyList<Fault> faults)
    {
        var history = History<AuditCall>.Of(_calls, faults);
        var (chain, disagreements) = await ReadAsync();
        var recorded = _calls.Count(call => call.Outcome is AuditOutcome.Recorded);
        return new Judgement(Name, [.. new ChainChecker(_tenant, chain).Check(history), .. disagreements])
        {
            Summary = $"{_calls.Count} calls, {recorded} acknowledged, {chain.Count} entries " +
                $"({chain.Count(entry => entry.IsOwn)} of the service itself)",
            Operations = [.. history.Operations],
            Lacking = recorded < RecordedMin ? [$"only {recorded} events were acknowledged"] : [],
            Around = violation => history.Operations
                .Where(call => violation.Text.Contains(call.Id, StringComparison.Ordinal)),
        };
    }

    /// <summary>Through every host, from the archive, by the check of the service and the verifier: all have to agree.</summary>
    private async Task<(IReadOnlyList<ChainEntry> Chain, List<Violation> Disagreements)> ReadAsync()
    {
        var reader = new ChainReader(_tenant);
        await reader.ArchivedAsync(_region.Hosts[0]);
        var chain = await reader.EntriesAsync(_region.Hosts[0]);
        var faults = new List<string?>
        {
            await reader.FaultOfVerifyAsync(_region.Hosts[^1], chain.Count),
            await reader.FaultOfVerifierAsync(_region.Hosts[^1], chain.Count),
        };
        foreach (var host in _region.Hosts.Skip(1))
        {
            var other = await reader.EntriesAsync(host);
            faults.Add(chain.Zip(other).All(pair => pair.First == pair.Second) ? null : $"process {host.Id} reads another chain");
        }

        if (_region.Archive is { } archive)
        {
            var archived = await reader.ArchivedHashesAsync(archive);
            faults.Add(archived.Count >= chain.Count && chain.Zip(archived).All(pair => pair.First.Hash == pair.Second)
                ? null : $"the archive holds {archived.Count} entries, not these {chain.Count}, or others");
        }

        return (chain, [.. faults.OfType<string>().Select(fault => new Violation("all agree", fault, default, default))]);
    }

    private async Task WriteAsync(RecordingClient http, Random random, int writer)
    {
        for (var i = 0; !_isOver; i++)
        {
            await Task.Delay(Pause * (0.5 + random.NextDouble()));
            var id = $"w{writer}-{i}";
            while (!await IsRecordedAsync(http, id) && !_isOver)
            {
                await Task.Delay(Pause);
            }
        }
    }

    private async Task<bool> IsRecordedAsync(RecordingClient http, string id)
    {
        var (call, body) = await http.PostAsync(
            Route, [_tenant], $$"""{"id":"{{id}}","actor":{"type":"user","id":"7"},"action":"write","outcome":"success"}""");
        var outcome = call switch
        {
            { Status: 201 } => AuditOutcome.Recorded,
            { IsNotApplied: true } => AuditOutcome.NotApplied,
            _ => AuditOutcome.Unknown,
        };
        _calls.Enqueue(new AuditCall(id, call.Start, call.End, outcome)
        {
            Seq = outcome is AuditOutcome.Recorded ? body.GetProperty("seq").GetInt64() : -1,
            Hash = outcome is AuditOutcome.Recorded ? body.GetProperty("hash").GetString() : null,
        });
        return outcome is AuditOutcome.Recorded;
    }
}
