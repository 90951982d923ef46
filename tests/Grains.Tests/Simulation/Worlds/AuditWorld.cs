using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Tests.SigningKeys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>
/// One tenant's chain, written by the product's own grain, which seals and archives, too. The scripts and the archive
/// are the fakes of the cluster tests, which say in plain code what both promise: a script is one step, all or nothing.
/// </summary>
internal sealed class AuditWorld : World
{
    private const string Tenant = "t";

    private static readonly KeyRingState Ring = NewRing();

    private readonly Func<FakeAuditStore, Defect>? _defect;
    private readonly FakeKeyRingStore _rings;
    private readonly FakeAuditStore _store;
    private readonly FakeAuditArchive _archive = new();
    private readonly List<Chain> _chains = [];
    private readonly AuditHistory _history = new(Tenant);
    private int _events;
    private Exception? _lastRefusal;

    public AuditWorld(SimulationCase simulated, Func<FakeAuditStore, Defect>? defect = null)
        : base(simulated)
    {
        _defect = defect;
        _rings = new FakeKeyRingStore(Time);
        _store = new FakeAuditStore(_rings);
    }

    protected override TimeSpan PauseMax => TimeSpan.FromSeconds(20);

    protected override TimeSpan Start()
    {
        Time.In(0, () => Run(async () =>
        {
            await _rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring);
            AddChain();
        }));
        return TimeSpan.FromSeconds(1);
    }

    protected override void Step()
    {
        switch (Random.Next(12))
        {
            case 0 when Has(Faults.Crash):
                _chains[^1].Host.Silo.Crash();
                break;
            case 1 when Has(Faults.Zombie):
                AddChain();
                break;
            case 2 when Has(Faults.Outage):
                Network.CutOff(TimeSpan.FromSeconds(8 * Random.NextDouble()));
                break;
            case 3 when Has(Faults.Flush) && Random.Next(3) == 0:
                Flush();
                break;
            case 4:
                Run(() => ReadAsync(Any()));
                break;
            case 5:
                Run(() => QuietlyAsync(Any(), chain => chain.CheckpointAsync(_history.Acknowledged)));
                break;
            default:
                Append();
                break;
        }

        if (_store.Of(Tenant).Signed?.Size > _archive.Of(Tenant).End.Size)
        {
            Break("what is signed is not archived");
        }
    }

    protected override void Heal()
    {
        _chains.SkipLast(1).ToList().ForEach(chain => chain.Host.Silo.Crash());
        Time.RunFor(TimeSpan.FromSeconds(15));
    }

    /// <summary>
    /// Whatever was sent and not acknowledged is sent again and stands once; a chain may be frozen only by a store that
    /// has lost something.
    /// </summary>
    protected override void Converge()
    {
        AuditAppendResult? last = null;
        for (var attempt = 0; attempt < 5 && last is null && Broken is null; attempt++)
        {
            var chain = Any(mostly: 0);
            last = Await(TimeSpan.FromSeconds(10), () => TryAsync(chain, [.. _history.Unsettled, NewEvent()]));
            Time.RunFor(TimeSpan.FromSeconds(10));
        }

        if (last is null)
        {
            Break($"with all in order again, nothing is recorded: {_lastRefusal?.Message}");
        }

        // In the virtual time's own turn, as everything that looks at a store.
        Time.In(0, () => Check(_history.Verify(_store.Now(Tenant).Entries)));
        Time.RunFor(TimeSpan.FromMilliseconds(1));
        _chains.ForEach(chain => chain.Clock.Dispose());
    }

    private static KeyRingState NewRing()
    {
        var ring = Rings.Of(KeyStatus.Active);
        var signer = ring.Versions[0] with
        {
            Algorithm = SignatureAlgorithm.Ed25519.Name,
            PublicKey = SignatureAlgorithm.Ed25519.Generate().PublicKey,
        };
        return ring with { Versions = [signer] };
    }

    private void Check(string? broken)
    {
        if (broken is not null)
        {
            Break(broken);
        }
    }

    private void Append()
    {
        var events = Enumerable.Range(0, Random.Next(1, 4)).Select(_ => NewEvent()).ToList();
        if (Random.Next(3) == 0 && _events > 3)
        {
            // Sent again: its answer was lost, or another caller does not know better.
            events = [_history.Sent[Random.Next(_history.Sent.Count)]];
        }

        var chain = Any();
        Run(() => TryAsync(chain, events));
    }

    /// <summary>What a caller sees. Null: that it was not recorded, or that nobody knows.</summary>
    private async Task<AuditAppendResult?> TryAsync(Chain chain, IReadOnlyList<AuditEvent> events)
    {
        var sent = _history.Send(events);
        try
        {
            var result = await chain.Grain.AppendAsync(events);
            if (chain.Host.Silo.HasCrashed)
            {
                _history.Lost(sent);
                return null;
            }

            Answered++;
            if (result.Outcome is AuditAppendOutcome.Frozen && !_history.IsFlushed)
            {
                Break("frozen, and the store has lost nothing");
            }

            Check(result.Outcome is AuditAppendOutcome.Recorded
                ? _history.Acknowledge(sent, chain.Places, result.Receipts, _store.Now(Tenant).Entries)
                : null);
            return result;
        }
        catch (ServiceOverloadedException overloaded)
        {
            _lastRefusal = overloaded;
            if (overloaded.Applied is Applied.Unknown)
            {
                _history.Lost(sent);
            }

            return null;
        }
    }

    private async Task ReadAsync(Chain chain) => await QuietlyAsync(chain, async grain =>
    {
        var page = await grain.ReadAsync(0, int.MaxValue);
        Check(page.Head.IsFrozen || _history.IsFlushed ? null : AuditHistory.Compare(page.Entries, _store.Now(Tenant).Entries));
    });

    private static async Task QuietlyAsync(Chain chain, Func<AuditChainGrain, Task> call)
    {
        try
        {
            await call(chain.Grain);
        }
        catch (ServiceOverloadedException)
        {
            // Said as it should be.
        }
    }

    private AuditEvent NewEvent() => new()
    {
        Id = $"e{_events++}",
        Actor = new AuditParty("user", "u"),
        Action = "simulated",
        Outcome = AuditOutcome.Success,
    };

    private void Flush()
    {
        var chain = _store.Of(Tenant);
        chain.Entries.Clear();
        chain.Ids.Clear();
        (chain.Fence, chain.End, chain.Frozen, chain.Signed) = (0, ChainEnd.Empty, null, null);
        (chain.Dropped, chain.Forgotten, chain.Repair, chain.KeysRecorded) = (0, 0, null, "");
        _history.Flush();
    }

    /// <summary>Mostly the latest one, made anew where it is gone.</summary>
    private Chain Any(int mostly = 4)
    {
        if (_chains[^1].Host.IsGone)
        {
            AddChain();
        }

        var living = _chains.Where(chain => !chain.Host.IsGone).ToList();
        return mostly > 0 && Random.Next(mostly) == 0 ? living[Random.Next(living.Count)] : _chains[^1];
    }

    private void AddChain()
    {
        var silo = NewSilo();
        var clock = new RegionClock(null!, null!, Options.Create(new RegionOptions()), new RegionMetrics(Meters), silo.Time);
        var store = FaultyStore.Of<IAuditStore>(_store, silo, Network, _defect?.Invoke(_store));
        var archive = FaultyStore.Of<IAuditArchive>(_archive, silo, Network);
        var (options, region) = (Options.Create(new AuditOptions()), Options.Create(new RegionOptions()));
        var host = new GrainHost(Tenant, silo, Time);
        _chains.Add(new Chain(host, clock, host.Activate(() => new AuditChainGrain(
            store, archive, new ChainSealer(store, archive, new Signatures(), clock, region, options),
            new ChainTidier(store, archive, clock, options), new ChainRepairer(store, archive, clock, options),
            _rings, clock, options, new AuditMetrics(Meters, silo.Time), silo.Time, NullLogger<AuditChainGrain>.Instance))));
    }

    /// <param name="Host">Its runtime.</param>
    /// <param name="Clock">Its silo's clock.</param>
    /// <param name="Grain">The activation.</param>
    private sealed record Chain(GrainHost Host, RegionClock Clock, AuditChainGrain Grain)
    {
        /// <summary>What this very activation has acknowledged.</summary>
        public Dictionary<long, string> Places { get; } = [];
    }

    /// <summary>Signs whatever it is given: keys have a world of their own.</summary>
    private sealed class Signatures : ISignatures
    {
        public ValueTask<SignResult> SignAsync(string tenant, int? number, IReadOnlyList<byte[]> items) =>
            ValueTask.FromResult(new SignResult
            {
                Outcome = SignOutcome.Done,
                Number = number ?? 1,
                Algorithm = SignatureAlgorithm.Ed25519.Name,
                Signatures = [.. items.Select(_ => new byte[64])],
            });
    }
}
