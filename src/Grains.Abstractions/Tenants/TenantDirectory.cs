using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>
/// What this process knows of the tenants: a cache in front of <see cref="ITenantGrain"/>, so that neither a check nor
/// a credential costs a second grain call. A change made through this process is seen at once, one made elsewhere when
/// it is announced; an announcement that does not come is made up for within <see cref="StaleMax"/>.
/// </summary>
public sealed class TenantDirectory(IGrainFactory grains, TimeProvider time) : IChangeObserver
{
    /// <summary>Older than this, an entry is used once more and refreshed behind the caller's back.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    /// <summary>Older than this, a caller waits for the refresh.</summary>
    public static readonly TimeSpan StaleMax = TimeSpan.FromSeconds(4);

    /// <summary>
    /// While refreshing fails, an entry serves this long. When the tenant's grain cannot be reached, no change of the
    /// tenant can be acknowledged either, so the old document is still the true one, unless a change was announced.
    /// </summary>
    public static readonly TimeSpan FailingMax = TimeSpan.FromMinutes(1);

    // A flood of made-up tenant names must not fill the memory: beyond this count the oldest entries go.
    private const int EntriesMax = 20_000;

    private readonly ConcurrentDictionary<string, TenantEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>
    /// Finds a tenant without waiting: the hot path. False when the caller has to ask <see cref="GetAsync"/>.
    /// </summary>
    public bool TryGet(string tenant, [NotNullWhen(true)] out TenantSnapshot? snapshot) =>
        TryGet(tenant, out snapshot, out _);

    /// <summary>Finds a tenant without waiting, and says for how long it has been known just so.</summary>
    public bool TryGet(string tenant, [NotNullWhen(true)] out TenantSnapshot? snapshot, out TimeSpan knownFor)
    {
        (snapshot, knownFor) = (null, TimeSpan.Zero);
        if (!_entries.TryGetValue(tenant, out var entry) || entry.Current is not { } current || entry.MustAsk)
        {
            return false;
        }

        var now = time.GetTimestamp();
        var age = time.GetElapsedTime(current.ReadAt, now);
        if (age >= FreshFor && time.GetElapsedTime(entry.TriedAt, now) >= FreshFor)
        {
            _ = entry.RefreshAsync(grains, time);
        }

        (snapshot, knownFor) = (current.Snapshot, time.GetElapsedTime(current.Since, now));
        return age < (entry is { Failing: true, IsOutdated: false } ? FailingMax : StaleMax);
    }

    /// <summary>Finds a tenant; an unknown one has <see cref="TenantStatus.Absent"/>.</summary>
    public ValueTask<TenantSnapshot> GetAsync(string tenant) =>
        TryGet(tenant, out var snapshot) ? ValueTask.FromResult(snapshot) : ReadAsync(tenant);

    /// <summary>
    /// Asks the tenant's grain now. For what the known document does not have: it may have been created elsewhere a
    /// moment ago, and a key or policy that was just acknowledged must not be refused as unknown.
    /// </summary>
    public async ValueTask<TenantSnapshot> ReadAsync(string tenant)
    {
        if (_entries.Count >= EntriesMax)
        {
            DropOldest();
        }

        var entry = _entries.GetOrAdd(tenant, static name => new TenantEntry(name));
        var failure = await entry.RefreshAsync(grains, time);
        if (failure is not null && !TryGet(tenant, out _))
        {
            throw failure;
        }

        return entry.Current!.Snapshot;
    }

    /// <summary>Takes in a document that this process learned of first hand.</summary>
    public void Publish(TenantSnapshot snapshot) =>
        _entries.GetOrAdd(snapshot.Tenant, static name => new TenantEntry(name)).Accept(snapshot, time.GetTimestamp());

    /// <inheritdoc/>
    public void TenantChanged(string tenant, string version)
    {
        if (_entries.TryGetValue(tenant, out var entry))
        {
            entry.Announce(version);
        }
    }

    /// <inheritdoc/>
    public void ChangesMissed()
    {
        foreach (var (_, entry) in _entries)
        {
            entry.Announce(version: null);
        }
    }

    /// <inheritdoc/>
    public void SubjectChanged(in RateLimitKey key)
    {
        // No document changed.
    }

    private void DropOldest()
    {
        foreach (var (name, _) in _entries.OrderBy(static e => e.Value.TriedAt).Take(EntriesMax / 4))
        {
            _entries.TryRemove(name, out _);
        }
    }
}
