using Gatehouse.Benchmarks.Scale;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Gatehouse.Grains.SigningKeys.Signing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>One silo with its signers, and an activation of the ring's grain.</summary>
internal sealed class KeyRingSilo : IDisposable
{
    // Ed25519: a key is made in microseconds.
    private static readonly SigningKeysOptions Settings = new()
    {
        Kek = Convert.ToBase64String([.. Enumerable.Range(0, KeyEncryptionKey.Length).Select(i => (byte)i)]),
        Algorithm = SignatureAlgorithm.Ed25519.Name,
    };

    private static readonly KeyEncryptionKeys Keks = new(Settings);

    private readonly RegionClock _clock;
    private readonly RevokedByConfiguration _revoked = new(StandIn.Of<IOptionsMonitor<SigningKeysOptions>>(
        static (member, _) => member.Name == "OnChange" ? null : Settings));

    public KeyRingSilo(
        SimulatedSilo silo, VirtualTime time, IKeyRingStore store, SimulatedMeters meters, Action<string> announce)
    {
        Silo = silo;
        var (options, region) = (Options.Create(Settings), Options.Create(new RegionOptions()));
        var metrics = new SigningKeysMetrics(meters);
        var forge = new KeyForge(Keks, region, metrics);
        _clock = new RegionClock(null!, null!, region, new RegionMetrics(meters), silo.Time);
        Signers = new RingSigners(
            store, forge, _clock, StandIn.Of<IGrainFactory>((_, _) => Grain!), options, _revoked, new KeyUseMetrics(meters),
            metrics, silo.Time, NullLogger<RingSigners>.Instance);
        var changes = StandIn.Of<IChangeAnnouncer>((_, arguments) =>
        {
            announce((string)arguments[1]!);
            return Task.CompletedTask;
        });
        var wait = new RevocationWait(store, metrics, silo.Time, NullLogger<RevocationWait>.Instance);
        Grain = new GrainHost("t", silo, time).Activate(() => new KeyRingGrain(
            store, forge, wait, _clock, _revoked, changes, [], options, metrics, silo.Time,
            NullLogger<KeyRingGrain>.Instance));
    }

    public SimulatedSilo Silo { get; }

    public KeyRingGrain Grain { get; }

    public RingSigners Signers { get; }

    public void Hear(string tenant, string version)
    {
        if (!Silo.HasCrashed)
        {
            Signers.RingChanged(tenant, version);
        }
    }

    public void Dispose()
    {
        Signers.Dispose();
        _revoked.Dispose();
        _clock.Dispose();
    }
}
