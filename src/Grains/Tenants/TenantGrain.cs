using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Grains.Tenants;

/// <summary>Runs <see cref="TenantDocument"/> for one tenant; Orleans' one call at a time is its only lock.</summary>
[GrainType("tenant")]
internal sealed class TenantGrain(
    [PersistentState("tenant", StorageNames.Tenants)] IPersistentState<TenantState> storage,
    DeclaredTenants declared, TenantDirectory directory, IChangeAnnouncer changes, TenantMetrics metrics,
    TimeProvider time) : Grain, ITenantGrain
{
    private TenantSnapshot? _snapshot;

    private string Tenant => this.GetPrimaryKeyString();

    private TenantDocument Document => new(Tenant, storage.State, declared.Find(Tenant));

    private TenantSnapshot Snapshot => _snapshot ??= Document.Snapshot();

    public Task<TenantSnapshot?> GetAsync(string? knownVersion) =>
        Task.FromResult(knownVersion == Snapshot.Version ? null : Snapshot);

    public Task<TenantChange> PutAsync(Precondition precondition) =>
        SaveAsync(Document.Put(precondition, time.GetUtcNow()));

    public Task<TenantChange> DisableAsync(Precondition precondition) =>
        SaveAsync(Document.Disable(precondition));

    public Task<TenantChange> PutPolicyAsync(string name, RateLimitPolicy policy, Precondition precondition) =>
        Refused(PolicyRules.Validate(name, policy)) ?? SaveAsync(Document.PutPolicy(name, policy, precondition));

    public Task<TenantChange> DeletePolicyAsync(string name, Precondition precondition) =>
        SaveAsync(Document.DeletePolicy(name, precondition));

    public Task<TenantChange> AddApiKeyAsync(ApiKeyRecord key) =>
        Refused(ApiKeyRules.Validate(Tenant, key, time.GetUtcNow()))
        ?? SaveAsync(Document.AddApiKey(key, time.GetUtcNow()));

    public Task<TenantChange> RevokeApiKeyAsync(string keyId) =>
        SaveAsync(Document.RevokeApiKey(keyId, time.GetUtcNow()));

    private Task<TenantChange>? Refused(List<FieldFault> faults)
    {
        if (faults.Count == 0)
        {
            return null;
        }

        metrics.Changed(TenantChangeOutcome.Invalid);
        return Task.FromResult(new TenantChange { Outcome = TenantChangeOutcome.Invalid, Faults = faults });
    }

    private async Task<TenantChange> SaveAsync((TenantState Next, TenantChangeOutcome Outcome) change)
    {
        await storage.SaveOrDeactivateAsync(this, change.Next);
        _snapshot = null;
        metrics.Changed(change.Outcome);
        if (change.Outcome is not (TenantChangeOutcome.Created or TenantChangeOutcome.Done))
        {
            return new TenantChange { Outcome = change.Outcome };
        }

        directory.Publish(Snapshot);
        await changes.TenantChangedAsync(Tenant, Snapshot.Version);
        return new TenantChange { Outcome = change.Outcome, Snapshot = Snapshot };
    }
}
