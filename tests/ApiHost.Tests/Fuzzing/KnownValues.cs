using System.Text.Json.Nodes;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>
/// What a host has and a schema does not tell: tenants, keys, policies, and the forms of texts. Without it a fuzzer
/// would hear of nothing but tenants that do not exist.
/// </summary>
internal sealed class KnownValues
{
    private const string Signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6+Xx+F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3+Kg6NU1Q==";

    private static readonly Dictionary<string, string[]> Texts = new()
    {
        ["policy"] = ["p", "p", "default", "tight", "other"],
        ["region"] = ["local", "local", "elsewhere"],
        ["version"] = ["v1", "v2", "v3"],
        ["level"] = ["0", "0", "1"],
        ["index"] = ["000.p/1", "000.p/2", "000"],
        ["ip"] = ["203.0.113.7", "2001:db8::1", "::ffff:198.51.100.9"],
        ["subject"] = ["someone", "somebody else", "203.0.113.7", "ünïcode"],
        ["window"] = ["00:01:00", "1.00:00:00", "00:00:01"],
        ["duration"] = ["00:05:00", "00:00:00"],
        ["keepFor"] = ["365.00:00:00", "1.00:00:00"],
        ["expiresAt"] = ["2035-01-31T12:00:00Z"],
        ["occurredAt"] = ["2026-01-31T12:00:00.123Z"],
        ["since"] = ["2020-01-31T12:00:00Z"],
        ["until"] = ["2035-01-31T12:00:00+01:00"],
        ["cidr"] = ["198.51.100.0/24", "2001:db8::/32", "203.0.113.7"],
        ["allow"] = ["192.0.2.0/24"],
        ["deny"] = ["192.0.2.128/25"],
        ["scopes"] = ["ratelimit", "audit:read", "keys"],
        ["algorithm"] = ["sliding-window", "token-bucket", "fixed-window"],
        ["endpoint"] = ["POST /orders/{id}/refund"],
        ["path"] = ["/orders/7/refund", "/orders/7/refund", "/orders/8/refund?x=1"],
        ["key"] = ["k1", "k2"],
        ["owner"] = ["o1", "o2"],
        ["data"] = ["aGVsbG8=", "AA=="],
        ["signature"] = [Signature],
        ["outcome"] = ["success", "failure", "denied"],
        ["actor"] = ["user:7", "7"],
        ["resource"] = ["order:42"],
        ["cursor"] = ["cA"],
        ["revoked"] = ["include"],
        ["body"] = ["e30="],
    };

    private static readonly Dictionary<string, long[]> Numbers = new()
    {
        ["seq"] = [0, 1, 2, 1_000_000],
        ["from"] = [0, 1],
        ["to"] = [1, 2],
        ["first"] = [0, 1],
        ["second"] = [1, 2],
        ["epoch"] = [1, 1, 2],
        ["status"] = [201, 200, 404],
        ["cost"] = [1, 1, 0, 5],
        ["limit"] = [10, 1000, 1],
        ["ipv6Prefix"] = [64, 48],
        ["leaseMs"] = [1000, 60_000],
        ["multiplier"] = [2],
    };

    private KnownValues(string tenant, string spare, string key, IReadOnlyList<string> ids) =>
        (Tenant, Spare, Key, Ids) = (tenant, spare, key, ids);

    /// <summary>The tenant that most requests are about.</summary>
    public string Tenant { get; }

    /// <summary>A tenant that requests may disable.</summary>
    public string Spare { get; }

    /// <summary>A key of <see cref="Tenant"/> with every scope.</summary>
    public string Key { get; }

    /// <summary>Ids of API keys.</summary>
    public IReadOnlyList<string> Ids { get; }

    public static async Task<KnownValues> PrepareAsync(TestHost host)
    {
        var (tenant, spare) = (await host.NewTenantAsync(), await host.NewTenantAsync());
        var key = await host.NewKeyAsync(tenant, "\"ratelimit\",\"audit\",\"keys\",\"idempotency\"");
        List<string> ids = [];
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await host.NewKeyAsync(tenant))["gh_".Length..].Split('_')[0]);
        }

        foreach (var (policy, body) in new[] { ("p", "10000"), ("tight", "1") })
        {
            await host.PutPolicyAsync(tenant, $$"""{"limit":{{body}},"window":"00:01:00"}""", policy);
        }

        foreach (var (path, body) in new[]
        {
            ("keys/sign", """{"data":"aGVsbG8="}"""),
            ("keys/rotate", "{}"),
            ("audit/events?proof=true", """{"actor":{"type":"user","id":"7"},"action":"a","outcome":"success"}"""),
        })
        {
            var answer = await host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/{path}", key, body);
            Assert.True(answer.Status is 200 or 201, answer.Text);
        }

        return new KnownValues(tenant, spare, key, ids);
    }

    /// <summary>Whatever was sent before: the tenants are there.</summary>
    public async Task RestoreAsync(TestHost host)
    {
        await host.SendAsync(HttpMethod.Put, $"/v1/tenants/{Tenant}", TestHost.AdminKey, "{}");
        await host.SendAsync(HttpMethod.Put, $"/v1/tenants/{Spare}", TestHost.AdminKey, "{}");
        await host.PutPolicyAsync(Tenant, """{"limit":10000,"window":"00:01:00"}""");
    }

    /// <summary>A value of a member or a parameter of that name; null: nothing is known of it.</summary>
    public JsonNode? Member(Random random, string name) =>
        name == "tenant" ? (random.Next(20) == 0 ? Spare : Tenant)
        : name == "id" && random.Next(2) == 0 ? Ids[random.Next(Ids.Count)]
        : Numbers.TryGetValue(name, out var numbers) ? numbers[random.Next(numbers.Length)]
        : Texts.TryGetValue(name, out var texts) ? texts[random.Next(texts.Length)]
        : null;
}
