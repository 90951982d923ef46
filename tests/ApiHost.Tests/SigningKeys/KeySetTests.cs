using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.SigningKeys;

/// <summary>The public keys: for anybody, cacheable, and silent about which tenants there are.</summary>
public class KeySetTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task KeySet_HoldsWhatVerifiesAndNothingThatSigns()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");
        await _host.KeyAsync(tenant, "rotate", """{"emergency":true}""");
        await _host.KeyAsync(tenant, "rotate", """{"algorithm":"Ed25519"}""");

        var set = await GetAsync(tenant);

        var keys = set.Json.GetProperty("keys").EnumerateArray().ToList();
        Assert.Equal(["v2", "v3"], keys.Select(key => key.GetProperty("kid").GetString()));
        Assert.Equal(["alg", "crv", "kid", "kty", "use", "x", "y"], Members(keys[0]));
        Assert.Equal(["alg", "crv", "kid", "kty", "use", "x"], Members(keys[1]));
        Assert.Equal(("EC", "P-256", "ES256", "sig"), Described(keys[0]));
        Assert.Equal(("OKP", "Ed25519", "EdDSA", "sig"), Described(keys[1]));
        Assert.Equal("application/jwk-set+json", set.Headers["Content-Type"].Split(';')[0]);
    }

    [Fact]
    public async Task KeySet_WithRevokedKeys_MarksThem()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");
        await _host.KeyAsync(tenant, "rotate", """{"emergency":true}""");

        var set = await GetAsync(tenant, "?revoked=include");
        var wrong = await GetAsync(tenant, "?revoked=yes");

        var keys = set.Json.GetProperty("keys").EnumerateArray().ToList();
        Assert.Equal(["v1", "v2"], keys.Select(key => key.GetProperty("kid").GetString()));
        Assert.Equal(["alg", "crv", "kid", "kty", "revokedAt", "status", "use", "x", "y"], Members(keys[0]));
        Assert.Equal(["alg", "crv", "kid", "kty", "use", "x", "y"], Members(keys[1]));
        Assert.Equal("revoked", keys[0].GetProperty("status").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", keys[0].GetProperty("revokedAt").GetString()!);
        Assert.Equal(400, wrong.Status);
    }

    [Fact]
    public async Task KeySet_IsCacheableAndComparable()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");

        var set = await GetAsync(tenant);
        var same = await GetAsync(tenant, ("If-None-Match", set.Headers["ETag"]));
        await _host.KeyAsync(tenant, "rotate", "{}");
        var changed = await GetAsync(tenant, ("If-None-Match", set.Headers["ETag"]));

        Assert.Equal("public, max-age=5", set.Headers["Cache-Control"].Replace(",max", ", max", StringComparison.Ordinal));
        Assert.Equal((304, ""), (same.Status, same.Text));
        Assert.Equal(200, changed.Status);
        Assert.Equal(2, changed.Json.GetProperty("keys").GetArrayLength());
    }

    [Theory]
    [InlineData("no-such-tenant")]
    [InlineData("NOT A NAME")]
    public async Task KeySet_OfNobody_IsEmptyLikeThatOfATenantThatNeverSigned(string nobody)
    {
        var known = await GetAsync(await _host.NewTenantAsync());
        var unknown = await GetAsync(Uri.EscapeDataString(nobody));

        Assert.Equal((200, """{"keys":[]}"""), (unknown.Status, unknown.Text));
        Assert.Equal((known.Status, known.Text), (unknown.Status, unknown.Text));
        Assert.Equal(Comparable(known), Comparable(unknown));
    }

    [Fact]
    public async Task KeySet_IsWithinTheLimitForOneClient()
    {
        await using var host = await TestHost.StartAsync(new() { ["Gatehouse:Http:ClientRequestsPerSecond"] = "1" });

        var answers = new List<Answer>();
        for (var i = 0; i < 5; i++)
        {
            answers.Add(await host.SendAsync(HttpMethod.Get, "/v1/tenants/acme/keys/jwks.json", null));
        }

        Assert.Contains(answers, answer => answer is { Status: 429, Code: "door_limited" });
    }

    [Fact]
    public async Task KeySet_OfMadeUpNames_CostsWhatGuessingCosts()
    {
        await using var host = await TestHost.StartAsync(new()
        {
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "100",
            ["Gatehouse:Http:FailedAuthenticationCost"] = "100",
        });

        var first = await host.SendAsync(HttpMethod.Get, "/v1/tenants/made-up/keys/jwks.json", null);
        var second = await host.SendAsync(HttpMethod.Get, "/v1/tenants/made-up-too/keys/jwks.json", null);

        Assert.Equal((200, 429), (first.Status, second.Status));
    }

    private Task<Answer> GetAsync(string tenant, params (string, string)[] headers) => GetAsync(tenant, "", headers);

    private Task<Answer> GetAsync(string tenant, string query, params (string, string)[] headers) =>
        _host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/keys/jwks.json{query}", null, null, headers);

    private static IEnumerable<string> Members(System.Text.Json.JsonElement key) =>
        key.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal);

    private static (string?, string?, string?, string?) Described(System.Text.Json.JsonElement key) => (
        key.GetProperty("kty").GetString(), key.GetProperty("crv").GetString(),
        key.GetProperty("alg").GetString(), key.GetProperty("use").GetString());

    private static IEnumerable<string> Comparable(Answer answer) => answer.Headers
        .Where(header => header.Key.ToLowerInvariant() is not ("x-request-id" or "date"))
        .Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal);
}
