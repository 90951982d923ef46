using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Scenarios;

namespace Gatehouse.Chaos.Tests.Http;

/// <summary>
/// All requests of a run, whatever they were for: each answer is documented, none is late, and the hosts counted the
/// refusals that their clients saw.
/// </summary>
internal sealed partial class HttpWitness : IWorkload
{
    /// <summary>Longer than the published 8 s by what a busy machine is late.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(9);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<ChaosCluster> _regions;
    private readonly IReadOnlyDictionary<string, IReadOnlySet<int>> _documented;
    private readonly IReadOnlyDictionary<int, long> _before;

    private HttpWitness(
        IReadOnlyList<ChaosCluster> regions, IReadOnlyDictionary<string, IReadOnlySet<int>> documented,
        IReadOnlyDictionary<int, long> before) =>
        (_regions, _documented, _before) = (regions, documented, before);

    public string Name => "http";

    public ConcurrentQueue<HttpCall> Calls { get; } = new();

    public static async Task<HttpWitness> StartAsync(IReadOnlyList<ChaosCluster> regions)
    {
        var (_, document) = await regions[0].Hosts[0].SendAsync(HttpMethod.Get, "/openapi/v1.json");
        return new HttpWitness(regions, Documented(document), await OverloadsAsync(regions));
    }

    public Task StopAsync() => Task.CompletedTask;

    public async Task<Judgement> JudgeAsync(IReadOnlyList<Fault> faults)
    {
        var history = History<HttpCall>.Of(Calls, faults);
        IHistoryChecker<HttpCall>[] checkers =
            [new HttpAnswerChecker(_documented, Recovery), new DeadlineChecker<HttpCall>(Deadline)];
        var counted = await OverloadsAsync(_regions);
        return new Judgement(Name, [.. checkers.SelectMany(checker => checker.Check(history)), .. Uncounted(counted)])
        {
            Summary = $"{Calls.Count} requests ({string.Join(", ", Calls
                .GroupBy(call => (call.Status, call.Code)).OrderByDescending(group => group.Count())
                .Select(group => $"{group.Count()} {group.Key.Status?.ToString(CultureInfo.InvariantCulture) ?? "lost"} " +
                    $"{group.Key.Code}".TrimEnd()))})",
            Operations = [.. history.Operations],
        };
    }

    /// <summary>The statuses of each route of an OpenAPI document.</summary>
    public static IReadOnlyDictionary<string, IReadOnlySet<int>> Documented(JsonElement document) =>
        (from path in document.GetProperty("paths").EnumerateObject()
         from operation in path.Value.EnumerateObject()
         where operation.Value.TryGetProperty("responses", out _)
         select (Route: $"{operation.Name.ToUpperInvariant()} {path.Name}",
             Statuses: operation.Value.GetProperty("responses").EnumerateObject()
                 .Select(response => int.Parse(response.Name, CultureInfo.InvariantCulture)).ToHashSet()))
        .ToDictionary(operation => operation.Route, operation => (IReadOnlySet<int>)operation.Statuses);

    /// <summary>Hosts that were not replaced: no fewer than their clients saw, and no more than they can have missed.</summary>
    private IEnumerable<Violation> Uncounted(IReadOnlyDictionary<int, long> counted) =>
        from process in _before.Keys
        where counted.ContainsKey(process)
        let calls = Calls.Where(call => call.Process == process).ToList()
        let seen = calls.Count(call => call.IsOverloaded)
        let missed = calls.Count(call => call.Status is null)
        let metric = counted[process] - _before[process]
        where metric < seen || metric > seen + missed
        select new Violation("refusals are counted",
            $"process {process}: its clients saw {seen} and may have missed {missed}, its metric says {metric}",
            calls.Min(call => call.Start), calls.Max(call => call.End));

    private static async Task<IReadOnlyDictionary<int, long>> OverloadsAsync(IEnumerable<ChaosCluster> regions)
    {
        var counts = new Dictionary<int, long>();
        foreach (var host in regions.SelectMany(region => region.Hosts))
        {
            var metrics = await host.Client.GetStringAsync("/metrics");
            counts[host.Id] = Overloads().Matches(metrics)
                .Sum(match => long.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture));
        }

        return counts;
    }

    [GeneratedRegex(@"^gatehouse_http_overloads_total\{[^}]*\} (?<count>\d+)", RegexOptions.Multiline)]
    private static partial Regex Overloads();
}
