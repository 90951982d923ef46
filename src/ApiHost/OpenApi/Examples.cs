using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gatehouse.ApiHost.OpenApi;

/// <summary>
/// One example per route: what is sent and what comes back. The README's first requests are among them.
/// </summary>
internal static class Examples
{
    private const string Policy = """
        {"limit":10,"window":"00:01:00","algorithm":"sliding-window","coldStart":{"duration":"00:05:00","factor":0.5},
        "global":{"mode":"off","multiplier":2},"onStoreFailure":"reduced","mode":"enforce","ipv6Prefix":64,
        "allow":["192.0.2.0/24"],"deny":[],"overrides":[{"cidr":"198.51.100.0/24","limit":1000}]
        """;

    private const string NamedPolicy = $$"""{{Policy}},"name":"login","source":"api"}""";

    private const string Tenant =
        """{"tenant":"acme","status":"active","source":"api","createdAt":"2026-01-31T12:00:00.000Z"}""";

    private const string Region = """
        {"region":"local","startedAt":"2026-01-31T12:00:00.000Z","ageSeconds":42,"cold":true,"factor":0.5,
        "coldUntil":"2026-01-31T12:05:00.000Z","heardAgoMs":null}
        """;

    private const string Cluster = """
        {"region":"local","membership":"intact","silos":[{"address":"10.0.0.7:11111@148903217","status":"active",
        "region":"local","inCluster":true,"inTable":true,"startedAt":"2026-01-31T12:00:00.000Z",
        "aliveAt":"2026-01-31T12:00:05.000Z","activations":5120}]}
        """;

    private const string Key = """
        {"version":"v1","algorithm":"ES256","status":"active","createdAt":"2026-01-31T12:00:00.000Z","promoteAt":null,
        "activatedAt":"2026-01-31T12:00:00.000Z","retiredAt":null,"revokedAt":null,"reason":null,"destroyedAt":null}
        """;

    private const string Signature = """
        "version":"v1","algorithm":"ES256",
        "signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6+Xx+F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3+Kg6NU1Q=="
        """;

    private const string Event = """
        {"id":"refund-42","actor":{"type":"user","id":"7"},"action":"order.refund",
        "resource":{"type":"order","id":"42"},"outcome":"success","metadata":{"amount":"12.50"}}
        """;

    private const string Hash = "9f2b7cd2e3a1f0c4b5d6978812345678aabbccddeeff00112233445566778899";

    private const string Entry = $$"""
        {"action":"order.refund","actor":{"id":"7","type":"user"},"id":"refund-42","metadata":{"amount":"12.50"},
        "occurredAt":"2026-01-31T12:00:00.000Z","outcome":"success","prevHash":"{{Hash}}",
        "recordedAt":"2026-01-31T12:00:00.000Z","resource":{"id":"42","type":"order"},"seq":41,"tenant":"acme","v":1,
        "hash":"{{Hash}}"}
        """;

    private const string Head = $$"""{"size":42,"hash":"{{Hash}}","root":"{{Hash}}","frozen":false}""";

    private const string Note =
        """gatehouse/local/acme\n42\nn8CzrV0gCx0j2sQpJw1yq3eRZr5mB4tQv8kXh2LJ9nE=\ntime 2026-01-31T12:00:10.000Z\n\n""";

    private const string Proof = $$"""
        "hash":"{{Hash}}","treeSize":42,"root":"{{Hash}}","proof":["{{Hash}}","{{Hash}}"],
        "checkpoint":"{{Note}}— gatehouse/local/acme 3q2+7zBFAiEA...\n"
        """;

    private const string Retention = """{"keepFor":"365.00:00:00","legalHold":false,"holdReason":null}""";

    private const string Claim = """{"endpoint":"POST /orders/{id}/refund","key":"refund-42","epoch":1}""";

    private const string Decision = """
        {"allowed":true,"reason":"within_limit","limit":100,"effectiveLimit":50,"remaining":49,"resetAfterMs":62000,
        "retryAfterMs":0,"cold":true,"degraded":false,"policy":"default"}
        """;

    private static readonly Dictionary<string, (string? Request, string? Response)> ByOperation = new()
    {
        ["PutTenant"] = ("{}", Tenant),
        ["GetTenant"] = (null, Tenant),
        ["IssueApiKey"] = ("""{"scopes":["ratelimit"],"expiresAt":null}""", """
            {"id":"acme.k3j9xq2a7b","key":"gh_acme.k3j9xq2a7b_...","scopes":["ratelimit"],"expiresAt":null}
            """),
        ["ListApiKeys"] = (null, """
            {"items":[{"id":"acme.k3j9xq2a7b","scopes":["ratelimit"],"createdAt":"2026-01-31T12:00:00.000Z",
            "expiresAt":null,"revokedAt":null,"source":"api"}],"next":null}
            """),
        ["ListPolicies"] = (null, $$"""{"items":[{{NamedPolicy}}],"next":null}"""),
        ["GetPolicy"] = (null, NamedPolicy),
        ["PutPolicy"] = (Policy + "}", NamedPolicy),
        ["Check"] = ("""{"ip":"203.0.113.7","cost":1}""", Decision),
        ["Refund"] = ("""{"ip":"203.0.113.7","cost":1}""", Decision),
        ["Reset"] = ("""{"ip":"203.0.113.7"}""", Decision),
        ["ListRegions"] = (null, $$"""{"items":[{{Region}}],"next":null}"""),
        ["GetRegion"] = (null, Region),
        ["GetCluster"] = (null, Cluster),
        ["RecordEvents"] = (Event, $$"""
            {"seq":41,"id":"refund-42","hash":"{{Hash}}","prevHash":"{{Hash}}","recordedAt":"2026-01-31T12:00:00.000Z",
            "treeSize":42,"root":"{{Hash}}"}
            """),
        ["ListEvents"] = (null, $$"""{"items":[{{Entry}}],"next":null,"prunedBefore":0,"head":{{Head}}}"""),
        ["GetEvent"] = (null, Entry),
        ["GetAuditHead"] = (null, Head),
        ["GetProof"] = (null, $$"""{"seq":41,{{Proof}}}"""),
        ["GetConsistency"] = (null, $$"""
            {"first":40,"firstRoot":"{{Hash}}","second":42,"secondRoot":"{{Hash}}","proof":["{{Hash}}","{{Hash}}"]}
            """),
        ["VerifyChain"] = (
            """{"from":0,"to":42}""", $$"""{"ok":true,"checked":42,"from":0,"head":{{Head}},"firstFault":null}"""),
        ["GetChainState"] = (null, $$"""
            {"head":{{Head}},"fault":null,"heldFrom":0,"archived":42,"prunedBefore":0,"signedSize":42,
            "signedAt":"2026-01-31T12:00:10.000Z"}
            """),
        ["RepairChain"] = (
            """{"giveUpFrom":40}""", """{"outcome":"restored","size":40,"givenUp":2,"fault":"entry 40 is missing"}"""),
        ["GetRetention"] = (null, Retention),
        ["PutRetention"] = (Retention, Retention),
        ["BeginRequest"] = (
            """{"endpoint":"POST /orders/{id}/refund","path":"/orders/7/refund","key":"refund-42"}""",
            """{"state":"started","epoch":1,"leaseMs":60000,"response":null}"""),
        ["CompleteRequest"] = ("""
            {"endpoint":"POST /orders/{id}/refund","key":"refund-42","epoch":1,
            "response":{"status":201,"headers":{"Location":"/refunds/9"},"body":"e30="}}
            """, """{"state":"completed"}"""),
        ["ReleaseRequest"] = (Claim, """{"state":"released"}"""),
        ["RenewRequest"] = (Claim, """{"state":"in_progress"}"""),
        ["GetIdempotencyKey"] = (null, $$"""
            {"state":"completed","epoch":1,"fingerprint":"{{Hash}}","leaseLeftMs":0,"status":201}
            """),
        ["ListKeys"] = (null, $$"""{"items":[{{Key}}],"next":null}"""),
        ["RotateKey"] = ("""{"emergency":false}""", Key),
        ["PromoteKey"] = ("""{"force":false}""", Key),
        ["RevokeKey"] = ("""{"reason":"laptop lost"}""", Key),
        ["DestroyKey"] = ("{}", Key),
        ["RewrapKeys"] = (
            """{"limit":1000}""", """{"kek":"9f86d081884c7d65","rewrapped":12,"remaining":0,"unreadable":[]}"""),
        ["Sign"] = ("""{"data":"aGVsbG8="}""", $$"""{{{Signature}}}"""),
        ["Verify"] = ($$"""{"data":"aGVsbG8=",{{Signature}}}""", """
            {"valid":true,"version":"v1","status":"revoked","algorithm":"ES256","revokedAt":"2026-01-31T12:00:00.000Z",
            "reason":"laptop lost","beforeRevocation":"unknown"}
            """),
        ["GetKeySet"] = (null, """
            {"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","alg":"ES256","use":"sig","kid":"v1"}]}
            """),
    };

    public static Task Add(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var (request, response) = ByOperation.GetValueOrDefault(operation.OperationId ?? "");
        if (request is not null
            && operation.RequestBody?.Content?.TryGetValue("application/json", out var body) is true)
        {
            body.Example = JsonNode.Parse(request);
        }

        foreach (var (status, answer) in operation.Responses ?? [])
        {
            if (response is not null && status.StartsWith('2')
                && answer.Content is { } contents)
            {
                foreach (var (type, content) in contents)
                {
                    content.Example = type.EndsWith("json", StringComparison.Ordinal) ? JsonNode.Parse(response) : null;
                }
            }
        }

        return Task.CompletedTask;
    }
}
