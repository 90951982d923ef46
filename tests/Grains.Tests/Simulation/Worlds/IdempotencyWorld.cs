using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Idempotency;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>
/// A few keys, through the product's own grains and the fake of the cluster tests, which says in plain code what the
/// scripts promise. Callers are written as the middleware is: claim, renew at every third of the lease, have the
/// effect, record it until somebody takes it. Retention has no part: it is longer than any run. Nor has waiting for
/// another's end, which asks the store as any other claim does, and is woken by a thread of its own.
/// </summary>
internal sealed class IdempotencyWorld : World
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    /// <summary>A call into a process that has crashed is given up.</summary>
    private static readonly TimeSpan CallMax = TimeSpan.FromSeconds(10);

    private readonly Func<FakeIdempotencyStore, Defect>? _defect;
    private readonly FakeIdempotencyStore _store;
    private readonly List<(GrainHost Host, IdempotencyGrain Grain)> _grains = [];
    private readonly List<SimulatedSilo> _hosts = [];
    private readonly List<KeyHistory> _keys;
    private int _requests;
    private int _steps;

    public IdempotencyWorld(SimulationCase simulated, Func<FakeIdempotencyStore, Defect>? defect = null)
        : base(simulated)
    {
        _defect = defect;
        _store = new FakeIdempotencyStore(Time);
        _keys =
        [
            .. Enumerable.Range(0, SimulationCase.StepsMax / 5).Select(i =>
                new KeyHistory($"key{i}", i % 2 == 1 ? AbandonedPolicy.Retry : AbandonedPolicy.Hold)),
        ];
    }

    protected override TimeSpan PauseMax => TimeSpan.FromSeconds(30);

    protected override TimeSpan Start()
    {
        AddGrain();
        _hosts.Add(NewSilo());
        return TimeSpan.FromSeconds(1);
    }

    protected override void Step()
    {
        switch (Random.Next(12))
        {
            case 0 when Has(Faults.Crash):
                _grains[^1].Host.Silo.Crash();
                AddGrain();
                break;
            case 1 when Has(Faults.Crash):
                _hosts[^1].Crash();
                _hosts.Add(NewSilo());
                break;
            case 2 when Has(Faults.Zombie):
                AddGrain();
                break;
            case 3 when Has(Faults.Zombie):
                _hosts.Add(NewSilo());
                break;
            case 4 when Has(Faults.Outage):
                Network.CutOff(Lease * Random.NextDouble());
                break;
            default:
                Run(() => RequestAsync(_hosts[Random.Next(_hosts.Count)], NextKey()));
                break;
        }
    }

    protected override void Heal() => Time.RunFor(10 * Lease);

    /// <summary>Nobody holds a key any more, and what was recorded is answered.</summary>
    protected override void Converge()
    {
        foreach (var key in _keys.Where(key => key.Fingerprint is not null))
        {
            var call = NewCall(key) with { Fingerprint = key.Fingerprint! };
            var result = Await(TimeSpan.FromSeconds(5), () => Any().BeginAsync(key.Name, call));
            Check(key.Answered(call, key.Recorded, result));
            if (result is null or { Outcome: BeginOutcome.InProgress })
            {
                Break($"{key.Name} is held, and nobody holds it");
            }

            if (key.Policy is AbandonedPolicy.Retry && result?.Outcome is BeginOutcome.Unknown)
            {
                Break($"{key.Name} was abandoned, and is not started again");
            }
        }
    }

    /// <summary>One key after the other, so that there are always some that nothing is recorded of yet.</summary>
    private KeyHistory NextKey()
    {
        _steps++;
        return _keys[Math.Min(_keys.Count - 1, (_steps / 10 * 2) + Random.Next(3))];
    }

    private void Check(string? broken)
    {
        if (broken is not null)
        {
            Break(broken);
        }
    }

    private BeginCall NewCall(KeyHistory key) => new()
    {
        Fingerprint = Random.Next(6) == 0 ? "other" : "same",
        Owner = $"owner{_requests++}",
        Lease = Lease,
        Abandoned = key.Policy,
        IsRepeated = Random.Next(2) == 0,
    };

    private async Task RequestAsync(SimulatedSilo host, KeyHistory key)
    {
        var (call, recorded) = (NewCall(key), key.Recorded);
        if (await BeginAsync(host, key, call) is not { } begun || host.HasCrashed)
        {
            return;
        }

        Answered++;
        Check(key.Answered(call, recorded, begun));
        if (begun.Outcome is not BeginOutcome.Started)
        {
            return;
        }

        await PlayAsync(host, key, call, begun.Epoch);
    }

    private async Task PlayAsync(SimulatedSilo host, KeyHistory key, BeginCall call, long epoch)
    {
        var status = Random.Next(10) switch { 0 => 409, 1 => 503, _ => 200 };
        var running = true;
        // A process that stands still renews nothing, and comes back when others had time to take over.
        var stands = Has(Faults.Pause) && Random.Next(3) == 0;
        if (!stands)
        {
            Run(() => KeepAsync(host, key, epoch, () => running));
        }

        await Task.Delay(Lease * ((stands ? 1 : 0) + (2 * Random.NextDouble() * Random.NextDouble())), host.Time);
        if (host.HasCrashed)
        {
            return;
        }

        // Refused before it had any effect; else it has one now, whether or not the request ends well.
        Check(status == 409 ? null : key.HasEffect(call, epoch));
        await Task.Delay(Lease * Random.NextDouble() * Random.NextDouble(), host.Time);
        running = false;
        await CompleteAsync(host, key, epoch, new StoredResponse
        {
            Status = status,
            Body = BitConverter.GetBytes(_requests++),
            IsTombstone = Random.Next(6) == 0,
        });
    }

    /// <summary>What the caller was told; null: that nothing may start.</summary>
    private async Task<BeginResult?> BeginAsync(SimulatedSilo host, KeyHistory key, BeginCall call)
    {
        for (var attempt = 0; attempt < (call.IsRepeated ? 4 : 1) && !host.HasCrashed; attempt++)
        {
            try
            {
                return await Any().BeginAsync(key.Name, call).WaitAsync(CallMax, host.Time);
            }
            catch (Exception failure) when (failure is ServiceOverloadedException or TimeoutException)
            {
                await Task.Delay(Lease / 20, host.Time);
            }
        }

        if (call.IsRepeated)
        {
            // Its own claim, if there is one, is its own to give back.
            await QuietlyAsync(() => Any().GiveBackAsync(key.Name, call.Owner));
        }

        return null;
    }

    private async Task KeepAsync(SimulatedSilo host, KeyHistory key, long epoch, Func<bool> isRunning)
    {
        while (isRunning() && !host.HasCrashed)
        {
            await QuietlyAsync(() => Any().RenewAsync(key.Name, epoch, Lease));
            await Task.Delay(Lease / 3, host.Time);
        }
    }

    private async Task CompleteAsync(SimulatedSilo host, KeyHistory key, long epoch, StoredResponse response)
    {
        for (var attempt = 0; attempt < 20 && !host.HasCrashed; attempt++)
        {
            var outcome = await QuietlyAsync(() => Any().CompleteAsync(key.Name, epoch, response));
            if (outcome is not StepOutcome.None)
            {
                Check(host.HasCrashed ? null : key.Ended(epoch, outcome, response));
                return;
            }

            await Task.Delay(Lease / 5, host.Time);
        }
    }

    private async Task<StepOutcome> QuietlyAsync(Func<Task<StepOutcome>> step)
    {
        try
        {
            return await step().WaitAsync(CallMax, Time);
        }
        catch (Exception failure) when (failure is ServiceOverloadedException or TimeoutException)
        {
            return StepOutcome.None;
        }
    }

    /// <summary>Mostly of the latest activation; a call finds one that is not its newest now and then.</summary>
    private IdempotencyGrain Any()
    {
        var living = _grains.Where(grain => !grain.Host.IsGone).ToList();
        return Random.Next(4) == 0 ? living[Random.Next(living.Count)].Grain : living[^1].Grain;
    }

    private void AddGrain()
    {
        var silo = NewSilo();
        var host = new GrainHost("1", silo, Time);
        var store = FaultyStore.Of<IIdempotencyStore>(_store, silo, Network, _defect?.Invoke(_store));
        _grains.Add((host, host.Activate(() => new IdempotencyGrain(
            store, Options.Create(new IdempotencyOptions()), new IdempotencyMetrics(Meters), silo.Time,
            NullLogger<IdempotencyGrain>.Instance))));
    }
}
