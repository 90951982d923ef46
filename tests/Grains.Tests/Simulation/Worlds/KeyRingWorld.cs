using System.Text.Json;
using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>
/// One tenant's ring: the product's own grain changes it, the product's own signers sign with it, each on a silo of its
/// own. The scripts are the fake of the cluster tests. Announcements are lost and late like commands. Keys are real, and
/// so other ones in each run; nothing depends on what they are.
/// </summary>
internal sealed class KeyRingWorld : World
{
    private const string Tenant = "t";
    private static readonly TimeSpan ForgetfulFor = TimeSpan.FromSeconds(7);

    private readonly Func<FakeKeyRingStore, Defect>? _defect;
    private readonly FakeKeyRingStore _store;
    private readonly List<KeyRingSilo> _silos = [];
    private readonly RingHistory _history = new();
    private int _restarts;

    public KeyRingWorld(SimulationCase simulated, Func<FakeKeyRingStore, Defect>? defect = null)
        : base(simulated)
    {
        _defect = defect;
        _store = new FakeKeyRingStore(Time);
    }

    protected override TimeSpan PauseMax => TimeSpan.FromSeconds(20);

    protected override TimeSpan Start()
    {
        AddSilo();
        AddSilo();
        Time.In(0, () => Run(() => ChangeAsync(static grain => grain.EnsureAsync(), revokes: false)));
        return TimeSpan.FromSeconds(1);
    }

    protected override void Step()
    {
        switch (Random.Next(16))
        {
            case 0 when Has(Faults.Crash) && _silos.Count > 1:
                var victim = _silos[Random.Next(_silos.Count)];
                victim.Silo.Crash();
                _silos.Remove(victim);
                AddSilo();
                break;
            case 1 when Has(Faults.Zombie) && _silos.Count < 4:
                AddSilo();
                break;
            case 2 when Has(Faults.Outage):
                Network.CutOff(TimeSpan.FromSeconds(8 * Random.NextDouble()));
                break;
            case 3 when Has(Faults.Restart):
                Restart();
                break;
            case 4 or 5:
                // Some at once, of different activations: whose read is older finds out when it replaces.
                for (var changes = Random.Next(1, 4); changes > 0; changes--)
                {
                    Change();
                }

                break;
            default:
                var silo = _silos[Random.Next(_silos.Count)];
                Run(() => SignAsync(silo));
                break;
        }

        _history.See(Ring(), Break);
    }

    protected override void Heal() => Time.RunFor(TimeSpan.FromSeconds(60));

    /// <summary>A published key has been promoted, an emergency ends soon, and the new key signs everywhere.</summary>
    protected override void Converge()
    {
        _history.See(Ring(), Break);
        if (Ring().Pending is not null)
        {
            // The timer of an activation that has crashed is made up for by a reminder.
            Await(TimeSpan.FromSeconds(5), async () =>
            {
                await _silos[^1].Grain.KeepUpAsync();
                return Tenant;
            });
            Time.RunFor(TimeSpan.FromSeconds(31));
        }

        if (Ring().Pending is not null)
        {
            Break("a published key is not promoted");
        }

        var change = Await(TimeSpan.FromSeconds(8), () => ChangeAsync(Emergency, revokes: true));
        if (change is not { Outcome: KeyRingOutcome.Done })
        {
            Break($"an emergency rotation ends as {change?.Outcome.ToString() ?? "nothing"}");
        }

        foreach (var silo in _silos)
        {
            var signed = Await(TimeSpan.FromSeconds(5), () => SignAsync(silo));
            if (signed is not { Outcome: SignOutcome.Done } || signed.Number != change?.Number)
            {
                Break($"v{change?.Number} is to sign, and {signed?.Outcome.ToString() ?? "nobody"} v{signed?.Number} does");
            }
        }

        _history.See(Ring(), Break);
        _history.Verify(Ring(), Break);
        _silos.ForEach(silo => silo.Dispose());
    }

    private static Task<KeyRingChange> Emergency(KeyRingGrain grain) =>
        grain.RotateNowAsync(null, "simulated", Precondition.Unconditional);

    private void Change()
    {
        var number = Random.Next(1, Math.Max(2, Ring().Versions.Count + 1));
        switch (Random.Next(7))
        {
            case 0 or 1:
                Run(() => ChangeAsync(static grain => grain.RotateAsync(null, Precondition.Unconditional), revokes: false));
                break;
            case 2:
                Run(() => ChangeAsync(
                    grain => grain.PromoteAsync(number, isForced: true, Precondition.Unconditional), revokes: false));
                break;
            case 3:
                Run(() => ChangeAsync(grain => grain.DestroyAsync(number, Precondition.Unconditional), revokes: false));
                break;
            case 4:
                Run(() => ChangeAsync(Emergency, revokes: true));
                break;
            default:
                Run(() => ChangeAsync(
                    grain => grain.RevokeAsync(number, "simulated", Precondition.Unconditional), revokes: true));
                break;
        }
    }

    /// <summary>What the caller is told; null: that it is to try again.</summary>
    private async Task<KeyRingChange?> ChangeAsync(Func<KeyRingGrain, Task<KeyRingChange>> change, bool revokes)
    {
        // Mostly of the latest activation; another one may live on beside it.
        var silo = Random.Next(3) == 0 ? _silos[Random.Next(_silos.Count)] : _silos[^1];
        try
        {
            var result = await change(silo.Grain);
            if (silo.Silo.HasCrashed)
            {
                return null;
            }

            Answered++;
            _history.Acknowledge(result, revokes, Time.NowTicks, Break);
            return result;
        }
        catch (ServiceOverloadedException)
        {
            return null;
        }
    }

    private async Task<SignResult?> SignAsync(KeyRingSilo silo)
    {
        byte[] item = [(byte)Random.Next(256)];
        try
        {
            var signed = await silo.Signers.SignAsync(Tenant, null, [item]);
            if (silo.Silo.HasCrashed)
            {
                return null;
            }

            Answered++;
            _history.Signed(signed, item, Time.NowTicks, Break);
            return signed;
        }
        catch (ServiceOverloadedException)
        {
            return null;
        }
    }

    private void Restart()
    {
        Network.CutOff(TimeSpan.FromSeconds(Random.NextDouble()));
        _store.LoseLeases();
        _store.IsForgetful = true;
        var restart = ++_restarts;
        Time.In(ForgetfulFor.Ticks, () => _store.IsForgetful = _store.IsForgetful && restart != _restarts);
    }

    private KeyRingState Ring() => _store.Backup(Tenant) is { } stored
        ? JsonSerializer.Deserialize<KeyRingState>(stored)!
        : KeyRingState.Empty;

    private void AddSilo()
    {
        var silo = NewSilo();
        _silos.Add(new KeyRingSilo(
            silo, Time, FaultyStore.Of<IKeyRingStore>(_store, silo, Network, _defect?.Invoke(_store)), Meters, Announce));
    }

    /// <summary>Everybody hears of it soon, late or never.</summary>
    private void Announce(string version)
    {
        foreach (var silo in _silos)
        {
            if (!Has(Faults.LostCommand) || Random.Next(3) > 0)
            {
                var lateMax = Has(Faults.Delay) ? TimeSpan.FromSeconds(10) : TimeSpan.FromMilliseconds(10);
                Time.In(Random.NextInt64(lateMax.Ticks), () => silo.Hear(Tenant, version));
            }
        }
    }
}
