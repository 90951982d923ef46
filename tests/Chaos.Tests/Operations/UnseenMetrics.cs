namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>The list of <see cref="UnseenMetric"/>s: as short as the faults that the test causes make it.</summary>
internal static class UnseenMetrics
{
    private const string Http = "src/ApiHost/Http/HttpMetrics.cs";
    private const string Audit = "src/Grains/Auditing/AuditMetrics.cs";
    private const string Keys = "src/Grains/SigningKeys/SigningKeysMetrics.cs";
    private const string Package = "src/AspNetCore/Idempotency/IdempotencyMetrics.cs";
    private const string Orleans = "Orleans.Core.dll";

    public static IReadOnlyList<UnseenMetric> All { get; } =
    [
        new("gatehouse.http.errors", Http, "a failure that nobody foresaw"),
        new("gatehouse.http.lost_claims", Http, "a store that is lost between a claim and its answer"),
        new("gatehouse.http.stream.cuts", Http, "a store that is lost within an export that has begun"),
        new("gatehouse.http.tail.waits", Http, "a chain that is lost while a stream waits for its next event"),
        new("gatehouse.http.overloads", "src/Grains/SigningKeys/Signing/TenantSigner.cs",
            "a store that has lost acknowledged changes of a ring", "reason", "key_ring_behind"),
        new("gatehouse.http.overloads", "src/Grains/SigningKeys/RedisKeyRingStore.cs",
            "a ring that a newer version wrote", "reason", "key_ring_unreadable"),
        new("gatehouse.audit.prunes", Audit, "events that are older than a day"),
        new("gatehouse.audit.upkeep_failures", Audit, "a chain that a sweep, every few minutes, finds and cannot open"),
        new("gatehouse.keys.conflicts", Keys, "two activations of one ring"),
        new("gatehouse.keys.upkeep_failures", Keys, "a sweep, every few minutes, that meets a store which is lost"),
        new("gatehouse.keys.unwrap_failures", Keys, "another key-encryption key"),
        new("gatehouse.idempotency.lost_claims", "src/Grains/Idempotency/IdempotencyMetrics.cs",
            "a store that is lost between a claim and its answer"),
        new("gatehouse.idempotency.unrecorded", Package, "a store that is lost while a request with a key is being done"),
        new("gatehouse.idempotency.repairs", Package, "the same"),
        new("gatehouse.ratelimit.snapshots.unreadable", "src/Grains/RateLimiting/RateLimitingMetrics.cs",
            "counts that another version wrote"),
        new("gatehouse.membership.standstills", "src/Grains/Membership/MembershipMetrics.cs", "a process that is stopped"),
        new("gatehouse.redis.unclassified", "src/Grains/Resilience/OverloadMetrics.cs",
            "a failure that this version does not know"),
        new("orleans-app-requests-canceled", Orleans, "a call that its caller gives up, and not the deadline"),
        new("orleans-messaging-sent-dropped", Orleans, "a message to nowhere"),
        new("orleans-messaging-sent-failed", Orleans, "a connection that breaks under a message"),
        new("orleans-scheduler-long-running-turns", Orleans, "a grain that blocks its thread"),
    ];
}
