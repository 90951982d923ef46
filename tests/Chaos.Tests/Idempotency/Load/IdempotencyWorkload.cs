using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.Idempotency.Checkers;
using Gatehouse.Chaos.Tests.Scenarios;

namespace Gatehouse.Chaos.Tests.Idempotency.Load;

/// <summary>
/// Services that ask before they do what must happen once: for each key several at the same time, some with another
/// request, some that give the key back, some that die behind the effect.
/// </summary>
internal sealed class IdempotencyWorkload : IWorkload
{
    private const int Workers = 3;
    private const int CallersOfAKey = 3;
    private const int EffectsMin = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);

    private readonly ConcurrentQueue<IdempotencyCall> _calls = new();
    private readonly ConcurrentQueue<Effect> _effects = new();
    private readonly HistoryClock _clock;
    private readonly Task _workers;
    private volatile bool _isOver;

    private IdempotencyWorkload(ChaosRun run, string tenant)
    {
        _clock = run.Clock;
        _workers = Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(
            new IdempotencyClient(run.ClientOf(run.Regions[0]), tenant, _calls), run.NewRandom(), worker)));
    }

    public string Name => "idempotency";

    public static async Task<IdempotencyWorkload> StartAsync(ChaosRun run, string tenant)
    {
        await run.Regions[0].PutTenantAsync(tenant);
        return new IdempotencyWorkload(run, tenant);
    }

    public Task StopAsync()
    {
        _isOver = true;
        return _workers;
    }

    public Task<Judgement> JudgeAsync(IReadOnlyList<Fault> faults)
    {
        var history = History<IdempotencyCall>.Of(_calls, faults);
        var replayed = _calls.Count(call => call.Outcome is IdempotencyOutcome.Replayed);
        return Task.FromResult(new Judgement(Name, [.. new AtMostOnceChecker(_effects).Check(history)])
        {
            Summary = $"{_calls.Count} steps, {_effects.Count} effects ({string.Join(", ", _calls
                .GroupBy(call => call.Outcome).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}"))})",
            Operations = [.. history.Operations],
            Lacking = _effects.Count < EffectsMin || replayed < EffectsMin
                ? [$"only {_effects.Count} effects and {replayed} replays"] : [],
            Around = violation => history.Operations.Where(call => violation.Text.Contains(call.Key, StringComparison.Ordinal)),
        });
    }

    private async Task WorkAsync(IdempotencyClient client, Random random, int worker)
    {
        for (var i = 0; !_isOver; i++)
        {
            await Task.Delay(Pause * (0.5 + random.NextDouble()));
            var key = $"k{worker}-{i}";
            await Task.WhenAll(Enumerable.Range(0, CallersOfAKey).Select(caller => RequestAsync(
                client, key, $"c{caller}", random.Next(6) == 0 ? "other" : "same", (Ending)random.Next(12))));
        }
    }

    private async Task RequestAsync(IdempotencyClient client, string key, string caller, string fingerprint, Ending ending)
    {
        while (!_isOver)
        {
            var begun = await client.BeginAsync(key, caller, fingerprint);
            if (begun.Outcome is IdempotencyOutcome.Started)
            {
                await OwnAsync(client, begun, ending);
                return;
            }

            if (begun.Outcome is IdempotencyOutcome.Replayed or IdempotencyOutcome.Held or IdempotencyOutcome.Mismatch)
            {
                return;
            }

            await Task.Delay(Pause / 2);
        }
    }

    private async Task OwnAsync(IdempotencyClient client, IdempotencyCall begun, Ending ending)
    {
        if (ending is not Ending.GivesBack)
        {
            _effects.Enqueue(new Effect(begun.Key, begun.Caller, begun.Fingerprint, _clock.Now));
        }

        // Its claim runs out, and nobody is told to start again.
        while (!_isOver && ending is not Ending.Dies)
        {
            var step = ending is Ending.GivesBack
                ? await client.ReleaseAsync(begun) : await client.CompleteAsync(begun, $"{begun.Key}/{begun.Caller}");
            if (step.Outcome is not (IdempotencyOutcome.Unknown or IdempotencyOutcome.NotApplied))
            {
                return;
            }

            await Task.Delay(Pause / 2);
        }
    }

    /// <summary>What an owner does; all other values: it completes.</summary>
    private enum Ending
    {
        GivesBack = 0,
        Dies = 1,
    }
}
