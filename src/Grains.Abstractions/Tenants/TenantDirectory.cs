using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>
/// What this process knows of the tenants: a cache in front of <see cref="ITenantGrain"/>, so that neither a check nor
/// a credential costs a second grain call. A change made elsewhere is seen within <see cref="StaleMax"/>, one made
/// through this process at once.
/// </summary>
public sealed class TenantDirectory(IGrainFactory grains, TimeProvider time)
{
    /// <summary>Older than this, an entry is used once more and refreshed behind the caller's back.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    /// <summary>Older than this, a caller waits for the refresh.</summary>
    public static readonly TimeSpan StaleMax = TimeSpan.FromSeconds(4);

    /// <summary>
    /// While refreshing fails, an entry serves this long. When the tenant's grain cannot be reached, no change of the
    /// tenant can be acknowledged either, so the old document is still the true one.
    /// </summary>
    public static readonly TimeSpan FailingMax = TimeSpan.FromMinutes(1);

    // A flood of made-up tenant names must not fill the memory: beyond this count the oldest entries go.
    private const int EntriesMax = 20_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>
    /// Finds a tenant without waiting: the hot path. False when the caller has to ask <see cref="GetAsync"/>.
    /// </summary>
    public bool TryGet(string tenant, [NotNullWhen(true)] out TenantSnapshot? snapshot)
    {
        snapshot = null;
        if (!_entries.TryGetValue(tenant, out var entry) || entry.Current is not { } current)
        {
            return false;
        }

        var age = time.GetElapsedTime(current.ReadAt);
        if (age >= FreshFor && time.GetElapsedTime(entry.TriedAt) >= FreshFor)
        {
            _ = entry.RefreshAsync(grains, time);
        }

        snapshot = current.Snapshot;
        return age < (entry.Failing ? FailingMax : StaleMax);
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

        var entry = _entries.GetOrAdd(tenant, static name => new Entry(name));
        var failure = await entry.RefreshAsync(grains, time);
        if (failure is not null && !TryGet(tenant, out _))
        {
            throw failure;
        }

        return entry.Current!.Snapshot;
    }

    /// <summary>Takes in a document that this process learned of first hand.</summary>
    public void Publish(TenantSnapshot snapshot) =>
        _entries.GetOrAdd(snapshot.Tenant, static name => new Entry(name)).Accept(snapshot, time.GetTimestamp());

    private void DropOldest()
    {
        foreach (var (name, _) in _entries.OrderBy(static e => e.Value.TriedAt).Take(EntriesMax / 4))
        {
            _entries.TryRemove(name, out _);
        }
    }

    private sealed record Known(TenantSnapshot Snapshot, long ReadAt);

    private sealed class Entry(string tenant)
    {
        private readonly Lock _lock = new();
        private volatile Known? _current;
        private Task<Exception?>? _refresh;

        public Known? Current => _current;

        public long TriedAt { get; private set; }

        public bool Failing { get; private set; }

        public void Accept(TenantSnapshot snapshot, long now)
        {
            lock (_lock)
            {
                _current = new Known(snapshot, now);
            }
        }

        /// <summary>
        /// One refresh at a time; who asks meanwhile waits for the same one. Answers the failure, if any.
        /// </summary>
        public Task<Exception?> RefreshAsync(IGrainFactory grains, TimeProvider time)
        {
            lock (_lock)
            {
                if (_refresh is { IsCompleted: false })
                {
                    return _refresh;
                }

                TriedAt = time.GetTimestamp();
                return _refresh = ReadAsync(grains, _current, TriedAt);
            }
        }

        private async Task<Exception?> ReadAsync(IGrainFactory grains, Known? before, long now)
        {
            // Off the caller's stack, and so out of the lock it holds.
            await Task.Yield();
            try
            {
                var read = await grains.Tenant(tenant).GetAsync(before?.Snapshot.Version);
                lock (_lock)
                {
                    // What was published while this read was under way is newer than what it read.
                    if (ReferenceEquals(_current, before) && (read ?? before?.Snapshot) is { } snapshot)
                    {
                        _current = new Known(snapshot, now);
                    }
                }

                Failing = false;
                return null;
            }
#pragma warning disable CA1031 // Whatever failed, the caller decides: it is thrown, or the old entry serves on.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                Failing = true;
                return failure;
            }
        }
    }
}
