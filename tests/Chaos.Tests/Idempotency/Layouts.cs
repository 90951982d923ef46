using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>What the tests of the two layouts have in common: silos of each mode, calls, and a look at the records.</summary>
internal static class Layouts
{
    public static readonly TimeSpan Retention = TimeSpan.FromHours(1);
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    /// <summary>The store's part of a silo.</summary>
    public static RedisIdempotencyStore SiloOf(RedisConnection redis, LegacyLayout layout) => new(
        redis, new NoStoreCommit(), Options.Create(new IdempotencyOptions { LegacyLayout = layout }), TimeProvider.System);

    public static RedisIdempotencyStore SiloOf(Store store, LegacyLayout layout) => SiloOf(store.Redis, layout);

    public static string New(string key, string tenant = "acme", string endpoint = "POST /orders") =>
        IdempotencyKeyName.Of(tenant, endpoint, key);

    public static string Old(string key) => $"idempotency:{key}";

    public static BeginCall Call(string owner, string fingerprint = "f") => new()
    {
        Owner = owner,
        Fingerprint = fingerprint,
        Lease = Lease,
        Abandoned = AbandonedPolicy.Hold,
    };

    public static StoredResponse Answer(string body) => new() { Status = 201, Body = System.Text.Encoding.UTF8.GetBytes(body) };

    public static Task<StepOutcome> CompleteAsync(
        this RedisIdempotencyStore silo, string name, long epoch, string body = "done") =>
        silo.EndAsync(name, epoch, KeyState.Completed, Answer(body), Retention);

    public static Task<StepOutcome> GiveBackAsync(this RedisIdempotencyStore silo, string name, long epoch) =>
        silo.EndAsync(name, epoch, KeyState.Released, new StoredResponse { Status = 0 }, Retention);

    public static string Body(StoredKey? stored) => System.Text.Encoding.UTF8.GetString(stored?.Response?.Body ?? []);

    /// <summary>All that is stored under a name, and until when; empty: nothing.</summary>
    public static async Task<string> DumpAsync(this Store store, string name)
    {
        var expires = store.Admin.KeyExpireTimeAsync(name);
        var fields = await store.Admin.HashGetAllAsync(name);
        return fields.Length == 0 ? "" : $"{await expires:O} " + string.Join(
            ' ', fields.OrderBy(field => (string)field.Name!, StringComparer.Ordinal));
    }

    public static async Task<string?> FieldAsync(this Store store, string name, string field) =>
        await store.Admin.HashGetAsync(name, field);

    public static async Task<TimeSpan> LeftAsync(this Store store, string name) =>
        await store.Admin.KeyTimeToLiveAsync(name) ?? TimeSpan.Zero;

    /// <summary>Somebody's record in the older layout.</summary>
    public static async Task PutOldAsync(this Store store, string key, string? tenant = null, string? endpoint = null)
    {
        HashEntry[] fields =
        [
            new("state", "completed"), new("epoch", 7), new("owner", "theirs"), new("fingerprint", "f"), new("lease", 0),
            new("status", 200), new("headers", "{}"), new("body", "a secret"),
        ];
        await store.Admin.HashSetAsync(Old(key), fields);
        if (tenant is not null)
        {
            await store.Admin.HashSetAsync(Old(key), [new("tenant", tenant), new("endpoint", endpoint)]);
        }

        await store.Admin.KeyExpireAsync(Old(key), TimeSpan.FromMinutes(10));
    }
}
