using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Tenants;

/// <summary>
/// One tenant's document: what the API wrote and what a file declares, the file on top. Every change answers the next
/// state, or the same one with the reason why nothing was changed.
/// </summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="State">What the API wrote.</param>
/// <param name="Declared">What a file declares, if one does.</param>
internal sealed record TenantDocument(string Tenant, TenantState State, DeclaredTenant? Declared)
{
    internal const int PoliciesMax = 1000;
    internal const int ApiKeysMax = 1000;

    private bool Exists => Declared is not null || State.Status is not TenantStatus.None;

    private string ETag => Declared is null ? $"\"{State.StatusVersion}\"" : $"\"{Declared.Fingerprint}\"";

    public (TenantState Next, TenantChangeOutcome Outcome) Put(Precondition precondition, DateTimeOffset now)
    {
        if (!precondition.Holds(Exists ? ETag : null))
        {
            return (State, TenantChangeOutcome.PreconditionFailed);
        }

        // A declared tenant is as it should be; nothing has to be written for it.
        if (Declared is not null || State.Status is TenantStatus.Active)
        {
            return (State, TenantChangeOutcome.Done);
        }

        var outcome = Exists ? TenantChangeOutcome.Done : TenantChangeOutcome.Created;
        return (WithStatus(TenantStatus.Active) with { CreatedAt = State.CreatedAt ?? now }, outcome);
    }

    public (TenantState Next, TenantChangeOutcome Outcome) Disable(Precondition precondition) => this switch
    {
        { Exists: false } => (State, TenantChangeOutcome.TenantNotFound),
        { Declared: not null } => (State, TenantChangeOutcome.DeclaredInFile),
        _ when !precondition.Holds(ETag) => (State, TenantChangeOutcome.PreconditionFailed),
        { State.Status: TenantStatus.Disabled } => (State, TenantChangeOutcome.Done),
        _ => (WithStatus(TenantStatus.Disabled), TenantChangeOutcome.Done),
    };

    public (TenantState Next, TenantChangeOutcome Outcome) PutPolicy(
        string name, RateLimitPolicy policy, Precondition precondition)
    {
        var current = Policy(name);
        var refusal = this switch
        {
            { Exists: false } => TenantChangeOutcome.TenantNotFound,
            _ when current?.Source is DeclarationSource.File => TenantChangeOutcome.DeclaredInFile,
            _ when !precondition.Holds(current?.ETag) => TenantChangeOutcome.PreconditionFailed,
            _ when !State.Policies.ContainsKey(name) && State.Policies.Count >= PoliciesMax =>
                TenantChangeOutcome.TooMany,
            _ => TenantChangeOutcome.None,
        };
        if (refusal is not TenantChangeOutcome.None)
        {
            return (State, refusal);
        }

        var version = State.Version + 1;
        var policies = new Dictionary<string, StoredPolicy>(State.Policies)
        {
            [name] = new StoredPolicy { Policy = policy, Version = version },
        };
        return (State with { Version = version, Policies = policies },
            current is null ? TenantChangeOutcome.Created : TenantChangeOutcome.Done);
    }

    public (TenantState Next, TenantChangeOutcome Outcome) DeletePolicy(string name, Precondition precondition)
    {
        var current = Policy(name);
        var refusal = this switch
        {
            { Exists: false } => TenantChangeOutcome.TenantNotFound,
            _ when current is null => TenantChangeOutcome.NotFound,
            _ when current.Source is DeclarationSource.File => TenantChangeOutcome.DeclaredInFile,
            _ when !precondition.Holds(current.ETag) => TenantChangeOutcome.PreconditionFailed,
            _ when current.Source is DeclarationSource.BuiltIn => TenantChangeOutcome.Done,
            _ => TenantChangeOutcome.None,
        };
        if (refusal is not TenantChangeOutcome.None)
        {
            return (State, refusal);
        }

        var policies = new Dictionary<string, StoredPolicy>(State.Policies);
        policies.Remove(name);
        return (State with { Version = State.Version + 1, Policies = policies }, TenantChangeOutcome.Done);
    }

    public (TenantState Next, TenantChangeOutcome Outcome) AddApiKey(ApiKeyRecord key, DateTimeOffset now)
    {
        if (!Exists)
        {
            return (State, TenantChangeOutcome.TenantNotFound);
        }

        // Keys that are good for nothing any more make room, oldest first; good ones never do.
        var keys = new Dictionary<string, ApiKeyRecord>(State.ApiKeys);
        var dead = keys.Values.Where(k => k.RevokedAt is not null || k.ExpiresAt <= now);
        foreach (var old in dead.OrderBy(k => k.CreatedAt).Take(Math.Max(0, keys.Count - ApiKeysMax + 1)).ToList())
        {
            keys.Remove(old.Id);
        }

        if (keys.Count >= ApiKeysMax)
        {
            return (State, TenantChangeOutcome.TooMany);
        }

        keys[key.Id] = key with { CreatedAt = now, Source = DeclarationSource.Api };
        return (State with { Version = State.Version + 1, ApiKeys = keys }, TenantChangeOutcome.Created);
    }

    public (TenantState Next, TenantChangeOutcome Outcome) RevokeApiKey(string keyId, DateTimeOffset now)
    {
        if (!Exists)
        {
            return (State, TenantChangeOutcome.TenantNotFound);
        }

        if (Declared?.ApiKeys.ContainsKey(keyId) is true)
        {
            return (State, TenantChangeOutcome.DeclaredInFile);
        }

        if (!State.ApiKeys.TryGetValue(keyId, out var key))
        {
            return (State, TenantChangeOutcome.NotFound);
        }

        if (key.RevokedAt is not null)
        {
            return (State, TenantChangeOutcome.Done);
        }

        var keys = new Dictionary<string, ApiKeyRecord>(State.ApiKeys) { [keyId] = key with { RevokedAt = now } };
        return (State with { Version = State.Version + 1, ApiKeys = keys }, TenantChangeOutcome.Done);
    }

    /// <summary>The document as everybody else sees it.</summary>
    public TenantSnapshot Snapshot()
    {
        var apiKeys = new Dictionary<string, ApiKeyRecord>(State.ApiKeys);
        foreach (var (id, key) in Declared?.ApiKeys ?? new Dictionary<string, ApiKeyRecord>())
        {
            apiKeys[id] = key;
        }

        return new TenantSnapshot
        {
            Tenant = Tenant,
            Version = $"{State.Version}.{Declared?.Fingerprint}",
            Status = Declared is not null ? TenantStatus.Active
                : State.Status is TenantStatus.None ? TenantStatus.Absent : State.Status,
            Source = Declared is not null ? DeclarationSource.File : DeclarationSource.Api,
            ETag = ETag,
            CreatedAt = State.CreatedAt,
            Policies = PolicyNames().ToDictionary(name => name, name => Policy(name)!),
            ApiKeys = apiKeys,
        };
    }

    private IEnumerable<string> PolicyNames() =>
        State.Policies.Keys.Concat(Declared?.Policies.Keys ?? []).Append(RateLimitPolicy.DefaultName).Distinct();

    private PolicyEntry? Policy(string name)
    {
        if (Declared?.Policies.TryGetValue(name, out var declared) is true)
        {
            return Entry(declared, DeclarationSource.File, Declared.Fingerprint);
        }

        if (State.Policies.TryGetValue(name, out var stored))
        {
            return Entry(stored.Policy, DeclarationSource.Api, $"{stored.Version}");
        }

        return name == RateLimitPolicy.DefaultName
            ? Entry(RateLimitPolicy.BuiltIn, DeclarationSource.BuiltIn, "built-in")
            : null;
    }

    private static PolicyEntry Entry(RateLimitPolicy policy, DeclarationSource source, string tag) =>
        new() { Policy = policy, Source = source, ETag = $"\"{tag}\"" };

    private TenantState WithStatus(TenantStatus status) =>
        State with { Version = State.Version + 1, StatusVersion = State.Version + 1, Status = status };
}
