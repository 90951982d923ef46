using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;
using Gatehouse.Chaos.Tests.Scenarios;

namespace Gatehouse.Chaos.Tests.RateLimiting.Load;

/// <summary>
/// Steady clients: of each policy one subject is called well above its limit, by several clients at once, and many
/// subjects well below theirs. They keep their pace whatever becomes of their calls.
/// </summary>
internal sealed class LimitLoad
{
    public const string Hot = "hot";
    public const int QuietSubjects = 200;

    private const int HotClients = 4;
    private const int QuietClients = 6;
    private const double QuietCallsPerSecond = 60;

    private readonly ConcurrentQueue<LimitCall> _calls = new();
    private readonly IReadOnlyList<Limit> _limits;
    private readonly Task _clients;
    private volatile bool _isOver;

    /// <param name="run">Its regions, its clock, and its chance, which chooses subjects, costs and paces.</param>
    /// <param name="tenant">Whose limits.</param>
    /// <param name="limits">The policies that they call.</param>
    /// <param name="pressure">The calls of the hot subjects, in units of what their limits admit in a region.</param>
    public LimitLoad(ChaosRun run, string tenant, IReadOnlyList<Limit> limits, double pressure)
    {
        _limits = limits;
        var random = run.NewRandom();
        var hotPause = TimeSpan.FromSeconds(HotClients / (pressure * LoadPolicies.UnitsPerSecond));
        var quietPause = TimeSpan.FromSeconds(QuietClients * run.Regions.Count / QuietCallsPerSecond);
        _clients = Task.WhenAll(run.Regions.SelectMany(region => Enumerable.Range(0, QuietClients)
            .Select(_ => RunAsync(
                new LimitClient(run.ClientOf(region), tenant), new Random(random.Next()), quietPause, Quiet))
            .Concat(limits.SelectMany(limit => Enumerable.Range(0, HotClients)
                .Select(_ => RunAsync(
                    new LimitClient(run.ClientOf(region), tenant), new Random(random.Next()), hotPause,
                    _ => (limit, Hot, 1)))))));
    }

    /// <summary>Lets every client have its last answer, and answers all calls.</summary>
    public async Task<IReadOnlyCollection<LimitCall>> StopAsync()
    {
        _isOver = true;
        await _clients;
        return _calls;
    }

    /// <summary>Calls at its pace, whether the calls before are answered or not.</summary>
    private async Task RunAsync(
        LimitClient client, Random random, TimeSpan pause, Func<Random, (Limit Limit, string Subject, int Cost)> choose)
    {
        var calls = new List<Task>();
        while (!_isOver)
        {
            await Task.Delay(pause * (0.5 + random.NextDouble()));
            var (limit, subject, cost) = choose(random);
            calls.Add(CallAsync(client, limit, subject, cost));
        }

        await Task.WhenAll(calls);
    }

    private async Task CallAsync(LimitClient client, Limit limit, string subject, int cost) =>
        _calls.Enqueue(await client.CallAsync(limit, subject, cost));

    private (Limit Limit, string Subject, int Cost) Quiet(Random random)
    {
        var subject = random.Next(QuietSubjects);
        return (_limits[subject % _limits.Count], $"quiet-{subject}", random.Next(1, 1 + LoadPolicies.CostMax));
    }
}
