using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// What this process knows of the rings' public sides, so that verifying costs no grain call. A change is seen when it
/// is announced, within a second, and at the latest after four.
/// </summary>
public sealed class KeyRingDirectory : IChangeObserver
{
    private readonly DocumentCache<KeyRingSnapshot> _rings;
    private readonly ConditionalWeakTable<KeyVersionSnapshot, Lazy<IVerifier>> _verifiers = new();
    private readonly ConcurrentDictionary<string, long> _asked = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;

    /// <summary>Makes an empty directory.</summary>
    public KeyRingDirectory(IGrainFactory grains, TimeProvider time)
    {
        // A host that is cut off does not know what is revoked meanwhile, and says so rather than guess.
        var failingMax = DocumentCache<KeyRingSnapshot>.StaleMax;
        (_rings, _time) = (new DocumentCache<KeyRingSnapshot>(new Source(grains), time, failingMax), time);
    }

    /// <summary>Finds a ring; one of a tenant that never signed is empty.</summary>
    public ValueTask<KeyRingSnapshot> GetAsync(string tenant) =>
        _rings.TryGet(tenant, out var ring, out _) ? ValueTask.FromResult(ring) : _rings.ReadAsync(tenant);

    /// <summary>Asks the ring's grain now, for what has to be exact.</summary>
    public ValueTask<KeyRingSnapshot> ReadAsync(string tenant) => _rings.ReadAsync(tenant);

    /// <summary>Takes in a ring that this process learned of first hand.</summary>
    public void Publish(KeyRingSnapshot ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        _rings.Publish(ring.Tenant, ring);
    }

    /// <summary>
    /// Finds a version. One that is not known may have been made a moment ago, so the grain is asked; whoever makes
    /// versions up cannot have it asked more than once a second.
    /// </summary>
    public async ValueTask<KeyVersionSnapshot?> FindAsync(string tenant, int number)
    {
        if ((await GetAsync(tenant)).Find(number) is { } known)
        {
            return known;
        }

        var now = _time.GetTimestamp();
        if (_asked.TryGetValue(tenant, out var asked) && _time.GetElapsedTime(asked, now) < ChangeTimes.SeenWithin)
        {
            return null;
        }

        if (_asked.Count > 10_000)
        {
            _asked.Clear();
        }

        _asked[tenant] = now;
        return (await ReadAsync(tenant)).Find(number);
    }

    /// <summary>Whether that is the version's signature of those bytes.</summary>
    public bool Verify(KeyVersionSnapshot version, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        _verifiers.GetValue(version, static version => new Lazy<IVerifier>(
            () => Import(version), LazyThreadSafetyMode.PublicationOnly)).Value.Verify(data, signature);

    /// <inheritdoc/>
    public void RingChanged(string tenant, string version) => _rings.Announce(tenant, version);

    /// <inheritdoc/>
    public void ChangesMissed() => _rings.AnnounceAll();

    private static IVerifier Import(KeyVersionSnapshot version) =>
        SignatureAlgorithm.TryFind(version.Algorithm, out var algorithm)
            ? algorithm.ImportPublic(version.PublicKey)
            // Written by a newer version of the product: another host may know it.
            : throw new ServiceOverloadedException("key_algorithm_unknown", Applied.No);

    private sealed class Source(IGrainFactory grains) : IDocumentSource<KeyRingSnapshot>
    {
        public Task<KeyRingSnapshot?> ReadAsync(string name, string? knownVersion) =>
            grains.KeyRing(name).GetAsync(knownVersion);

        public string VersionOf(KeyRingSnapshot document) => document.Version;
    }
}
