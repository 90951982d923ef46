using System.Text.Json;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>
/// Key rings in fake time, one store for all silos of a cluster: what its scripts promise, with the faults of a store.
/// </summary>
internal sealed class FakeKeyRingStore(TimeProvider time) : IKeyRingStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _rings = [];
    private readonly Dictionary<(string Tenant, string Signer), (DateTimeOffset Until, KeyRingState Ring)> _leases = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _keks = [];

    /// <summary>Every call fails at once.</summary>
    public bool IsDown { get; set; }

    /// <summary>What every call fails with instead.</summary>
    public ServiceOverloadedException? Failure { get; set; }

    /// <summary>Every replacement is applied, and its answer is lost.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>It has just been started: who holds a lease is not known.</summary>
    public bool IsForgetful { get; set; }

    /// <summary>Every lease is given, and the answer is lost.</summary>
    public bool LosesLeases { get; set; }

    /// <summary>It does not answer who holds a lease.</summary>
    public bool LosesHolders { get; set; }

    /// <summary>Runs before the next replacement, once: somebody else is quicker.</summary>
    public Action? BeforeReplace { get; set; }

    public int Leases { get; private set; }

    public int Reads { get; private set; }

    public Task<KeyRingState> ReadAsync(string tenant) => Answer(() =>
    {
        Reads++;
        return Ring(tenant);
    });

    public Task<bool> ReplaceAsync(string tenant, KeyRingState before, KeyRingState next)
    {
        var first = BeforeReplace;
        BeforeReplace = null;
        first?.Invoke();
        return Answer(() =>
        {
            var isReplaced = Ring(tenant).Revision == before.Revision;
            if (isReplaced)
            {
                _rings[tenant] = JsonSerializer.Serialize(next);
            }

            return LosesAnswers ? throw new ServiceOverloadedException("redis_timeout", Applied.Unknown) : isReplaced;
        });
    }

    public Task<LeaseAnswer> LeaseAsync(string tenant, string signer, KeyRingState held, TimeSpan duration) => Answer(() =>
    {
        var ring = Ring(tenant);
        if (ring.Epoch == 0 || ring.Revision != held.Revision)
        {
            return new LeaseAnswer(ring.Epoch, ring.Epoch == 0 ? null : ring);
        }

        Leases++;
        _leases[(tenant, signer)] = (time.GetUtcNow() + duration, held);
        return LosesLeases
            ? throw new ServiceOverloadedException("redis_timeout", Applied.No)
            : new LeaseAnswer(held.Epoch, null);
    });

    public Task<int?> HoldersAsync(string tenant, KeyRingState ring) => Answer<int?>(() => IsForgetful ? null
        : LosesHolders ? throw new ServiceOverloadedException("redis_timeout", Applied.No) : _leases.Count(
        lease => lease.Key.Tenant == tenant && lease.Value.Until > time.GetUtcNow() && IsBefore(lease.Value.Ring, ring)));

    private static bool IsBefore(KeyRingState held, KeyRingState ring) =>
        held.Epoch < ring.Epoch || (held.Epoch == ring.Epoch && held.Stamp != ring.Stamp);

    public Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadKeksAsync() =>
        Answer<IReadOnlyDictionary<string, IReadOnlyList<string>>>(() => _keks.ToDictionary());

    public Task WriteKeksAsync(string tenant, IReadOnlyList<string> ids) => Answer(() => _keks[tenant] = ids);

    /// <summary>The ring as it is stored, to be put back later.</summary>
    public string? Backup(string tenant)
    {
        lock (_lock)
        {
            return _rings.GetValueOrDefault(tenant);
        }
    }

    /// <summary>Who holds a lease is not kept over a restart.</summary>
    public void LoseLeases() => _leases.Clear();

    public void Restore(string tenant, string? backup)
    {
        lock (_lock)
        {
            _rings.Remove(tenant);
            if (backup is not null)
            {
                _rings[tenant] = backup;
            }
        }
    }

    private KeyRingState Ring(string tenant) => _rings.TryGetValue(tenant, out var ring)
        ? JsonSerializer.Deserialize<KeyRingState>(ring)!
        : KeyRingState.Empty;

    private async Task<T> Answer<T>(Func<T> answer)
    {
        await Task.Yield();
        lock (_lock)
        {
            return Failure is { } failure ? throw failure
                : IsDown ? throw new ServiceOverloadedException("redis_unavailable", Applied.No)
                : answer();
        }
    }
}
