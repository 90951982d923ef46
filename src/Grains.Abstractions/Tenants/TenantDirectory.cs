using System.Diagnostics.CodeAnalysis;
using Gatehouse.Grains.Abstractions.Changes;

namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>
/// What this process knows of the tenants: a cache in front of <see cref="ITenantGrain"/>, so that neither a check nor
/// a credential costs a second grain call. A change made through this process is seen at once, one made elsewhere when
/// it is announced; an announcement that does not come is made up for within <see cref="StaleMax"/>.
/// </summary>
public sealed class TenantDirectory(IGrainFactory grains, TimeProvider time) : IChangeObserver
{
    /// <summary>Older than this, an entry is used once more and refreshed behind the caller's back.</summary>
    public static readonly TimeSpan FreshFor = DocumentCache<TenantSnapshot>.FreshFor;

    /// <summary>Older than this, a caller waits for the refresh.</summary>
    public static readonly TimeSpan StaleMax = DocumentCache<TenantSnapshot>.StaleMax;

    /// <summary>
    /// While refreshing fails, an entry serves this long. When the tenant's grain cannot be reached, no change of the
    /// tenant can be acknowledged either, so the old document is still the true one, unless a change was announced.
    /// </summary>
    public static readonly TimeSpan FailingMax = TimeSpan.FromMinutes(1);

    private readonly DocumentCache<TenantSnapshot> _documents = new(new Source(grains), time, FailingMax);

    /// <summary>
    /// Finds a tenant without waiting: the hot path. False when the caller has to ask <see cref="GetAsync"/>.
    /// </summary>
    public bool TryGet(string tenant, [NotNullWhen(true)] out TenantSnapshot? snapshot) =>
        TryGet(tenant, out snapshot, out _);

    /// <summary>Finds a tenant without waiting, and says for how long it has been known just so.</summary>
    public bool TryGet(string tenant, [NotNullWhen(true)] out TenantSnapshot? snapshot, out TimeSpan knownFor) =>
        _documents.TryGet(tenant, out snapshot, out knownFor);

    /// <summary>Finds a tenant; an unknown one has <see cref="TenantStatus.Absent"/>.</summary>
    public ValueTask<TenantSnapshot> GetAsync(string tenant) =>
        TryGet(tenant, out var snapshot) ? ValueTask.FromResult(snapshot) : ReadAsync(tenant);

    /// <summary>
    /// Asks the tenant's grain now. For what the known document does not have: it may have been created elsewhere a
    /// moment ago, and a key or policy that was just acknowledged must not be refused as unknown.
    /// </summary>
    public ValueTask<TenantSnapshot> ReadAsync(string tenant) => _documents.ReadAsync(tenant);

    /// <summary>Takes in a document that this process learned of first hand.</summary>
    public void Publish(TenantSnapshot snapshot) => _documents.Publish(snapshot.Tenant, snapshot);

    /// <inheritdoc/>
    public void TenantChanged(string tenant, string version) => _documents.Announce(tenant, version);

    /// <inheritdoc/>
    public void ChangesMissed() => _documents.AnnounceAll();

    private sealed class Source(IGrainFactory grains) : IDocumentSource<TenantSnapshot>
    {
        public Task<TenantSnapshot?> ReadAsync(string name, string? knownVersion) =>
            grains.Tenant(name).GetAsync(knownVersion);

        public string VersionOf(TenantSnapshot document) => document.Version;
    }
}
