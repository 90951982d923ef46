using System.Globalization;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace Gatehouse.ApiHost.Tests.SigningKeys;

/// <summary>Signing keys over HTTP, as a user meets them.</summary>
public class KeyTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Key_FromItsFirstSignatureToItsDestruction()
    {
        var tenant = await _host.NewTenantAsync();
        Assert.Empty(Versions(await _host.GetKeysAsync(tenant)));

        var first = await _host.SignAsync(tenant, "hello");
        Assert.Equal((200, "v1", "ES256"), (first.Status, Text(first, "version"), Text(first, "algorithm")));
        Assert.Equal(64, first.Json.GetProperty("signature").GetBytesFromBase64().Length);
        AssertVerdict(await _host.VerifyAsync(tenant, "hello", first), valid: true, "active");

        var rotated = await _host.KeyAsync(tenant, "rotate", "{}");
        Assert.Equal(("v2", "pending"), (Text(rotated, "version"), Text(rotated, "status")));
        Assert.Equal("v1", Text(await _host.SignAsync(tenant, "hello"), "version"));
        Assert.Equal("key_too_early", (await _host.KeyAsync(tenant, "v2/promote", "{}")).Code);
        Assert.Equal("active", Text(await _host.KeyAsync(tenant, "v2/promote", """{"force":true}"""), "status"));
        Assert.Equal("v2", Text(await _host.SignAsync(tenant, "hello"), "version"));
        AssertVerdict(await _host.VerifyAsync(tenant, "hello", first), valid: true, "retired");

        var revoked = await _host.KeyAsync(tenant, "v1/revoke", """{"reason":"laptop lost"}""");
        Assert.Equal(("revoked", "laptop lost"), (Text(revoked, "status"), Text(revoked, "reason")));
        var verdict = await _host.VerifyAsync(tenant, "hello", first);
        AssertVerdict(verdict, valid: true, "revoked", "unknown");
        Assert.Equal(("laptop lost", Text(revoked, "revokedAt")), (Text(verdict, "reason"), Text(verdict, "revokedAt")));
        AssertVerdict(await _host.VerifyAsync(tenant, "other", first), valid: false, "revoked");

        var destroyed = await _host.KeyAsync(tenant, "v1/destroy", "{}");
        Assert.NotNull(Text(destroyed, "destroyedAt"));
        AssertVerdict(await _host.VerifyAsync(tenant, "hello", first), valid: true, "revoked", "unknown");
        Assert.Equal([("v1", "revoked"), ("v2", "active")], Versions(await _host.GetKeysAsync(tenant)));
    }

    [Fact]
    public async Task Emergency_SignsWithANewKeyAndRevokesTheOldOneInOneStep()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");

        var rotated = await _host.KeyAsync(
            tenant, "rotate", """{"emergency":true,"reason":"leaked","algorithm":"Ed25519"}""");
        var signed = await _host.SignAsync(tenant, "hello");

        Assert.Equal(("v2", "active"), (Text(rotated, "version"), Text(rotated, "status")));
        Assert.Equal("Ed25519", Text(rotated, "algorithm"));
        Assert.Equal(("v2", "Ed25519"), (Text(signed, "version"), Text(signed, "algorithm")));
        AssertVerdict(await _host.VerifyAsync(tenant, "hello", signed), valid: true, "active");
        Assert.Equal([("v1", "revoked"), ("v2", "active")], Versions(await _host.GetKeysAsync(tenant)));
    }

    [Fact]
    public async Task Revoke_TheOnlyKey_RefusesToSignAndSaysWhy()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");
        await _host.KeyAsync(tenant, "v1/revoke", "{}");

        var refused = await _host.SignAsync(tenant, "hello");
        var named = await _host.KeyAsync(tenant, "sign", """{"data":"AA==","version":"v1"}""");

        Assert.Equal((409, "key_revoked"), (refused.Status, refused.Code));
        Assert.Equal((409, "key_revoked"), (named.Status, named.Code));
        Assert.Contains("v1", Text(refused, "detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_KeepsItsOrderAndJudgesEachItemByItself()
    {
        var tenant = await _host.NewTenantAsync();

        var signed = await _host.KeyAsync(tenant, "sign", """{"items":[{"data":"AA=="},{"data":"AQ=="}]}""");
        var signatures = signed.Json.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("signature").GetString()).ToList();
        var verified = await _host.KeyAsync(tenant, "verify", $$"""
            {"items":[{"data":"AQ==","version":"v1","signature":"{{signatures[1]}}"},
            {"data":"AQ==","version":"v1","signature":"{{signatures[0]}}"},
            {"data":"AA==","version":"v9","signature":"{{signatures[0]}}"},
            {"data":"AA==","version":"one","signature":""},
            {"data":"AA==","version":"v1","algorithm":"ES256","signature":"{{signatures[0]}}"},
            {"data":"AA==","version":"v1","algorithm":"none","signature":"{{signatures[0]}}"}]}
            """);

        Assert.Equal(
            [(true, "active"), (false, "active"), (false, "unknown"), (false, "unknown"), (true, "active"), (false, "active")],
            verified.Json.GetProperty("items").EnumerateArray().Select(item =>
                (item.GetProperty("valid").GetBoolean(), item.GetProperty("status").GetString())));
    }

    [Fact]
    public async Task Change_WithAnEntityTagOfBefore_Is412AndChangesNothing()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");
        var before = await _host.GetKeysAsync(tenant);

        var first = await _host.KeyAsync(tenant, "rotate", """{"emergency":true}""", ("If-Match", before.Headers["ETag"]));
        var second = await _host.KeyAsync(tenant, "rotate", """{"emergency":true}""", ("If-Match", before.Headers["ETag"]));

        Assert.Equal((200, 412, "precondition_failed"), (first.Status, second.Status, second.Code));
        var after = await _host.GetKeysAsync(tenant);
        Assert.Equal(first.Headers["ETag"], after.Headers["ETag"]);
        Assert.Equal(2, Versions(after).Count());
    }

    [Theory]
    [InlineData("v1/promote", "{}", 404, "key_version_not_found")]
    [InlineData("one/revoke", "{}", 404, "key_version_not_found")]
    [InlineData("v01/destroy", "{}", 404, "key_version_not_found")]
    [InlineData("sign", """{"data":"AA==","version":"v7"}""", 404, "key_version_not_found")]
    public async Task Version_ThatIsNotThere_Is404(string path, string body, int status, string code)
    {
        var answer = await _host.KeyAsync(await _host.NewTenantAsync(), path, body);

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Change_ThatTheStatusDoesNotAllow_Is409AndSaysTheStatus()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");

        var answer = await _host.KeyAsync(tenant, "v1/destroy", "{}");

        Assert.Equal((409, "key_wrong_status"), (answer.Status, answer.Code));
        Assert.Contains("v1 is active", Text(answer, "detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sign", "{}", "data", "or items is required")]
    [InlineData("sign", """{"data":"AA==","items":[]}""", "items", "together")]
    [InlineData("sign", """{"items":[]}""", "items", "1 to 100")]
    [InlineData("sign", """{"items":[{}]}""", "data", "is required")]
    [InlineData("sign", """{"items":[null]}""", "items[0]", "must not be null")]
    [InlineData("sign", """{"items":[{"data":null}]}""", "items[0].data", "must not be null")]
    [InlineData("sign", """{"data":"not base64"}""", "data", "must be base64")]
    [InlineData("sign", """{"data":"AA"}""", "data", "must be base64")]
    [InlineData("sign", """{"data":7}""", "data", "must be base64")]
    [InlineData("sign", """{"data":"AA==","version":"1"}""", "version", "such as v1")]
    [InlineData("sign", """{"data":"AA==","key":"x"}""", "key", "is not a known field")]
    [InlineData("verify", "{}", "signature", "or items is required")]
    [InlineData("verify", """{"signature":"AA=="}""", "data", "is required")]
    [InlineData("verify", """{"signature":"AA==","data":"AA=="}""", "version", "is required")]
    [InlineData("verify", """{"signature":"*","data":"AA==","version":"v1"}""", "signature", "must be base64")]
    [InlineData("rotate", """{"algorithm":"HS256"}""", "algorithm", "ES256 or Ed25519")]
    [InlineData("rotate", """{"reason":"why"}""", "reason", "emergency")]
    [InlineData("rotate", """{"emergency":"yes"}""", "emergency", "must be true or false")]
    [InlineData("rotate", """{"emergency":true,"reason":""}""", "reason", "1 to 256")]
    [InlineData("v1/revoke", """{"reason":"a\nb"}""", "reason", "control characters")]
    public async Task Body_Bad_NamesFieldAndRule(string path, string body, string field, string rule)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await _host.KeyAsync(tenant, path, body);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Fault.Field);
        Assert.Contains(rule, answer.Fault.Rule, StringComparison.Ordinal);
        Assert.Empty(Versions(await _host.GetKeysAsync(tenant)));
    }

    [Theory]
    [InlineData("anything/local/{0}\n1\nroot\n", true)]
    [InlineData("/local/{0}\n", true)]
    [InlineData("anything/local/{0}", false)]
    [InlineData("anything/local/{0}x\n", false)]
    [InlineData("first line\nanything/local/{0}\n", false)]
    public async Task Data_ThatCouldBeACheckpointOfTheTenantsAuditLog_IsNotSigned(string data, bool isReserved)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await _host.SignAsync(tenant, string.Format(CultureInfo.InvariantCulture, data, tenant));

        Assert.Equal(isReserved ? 400 : 200, answer.Status);
        Assert.True(!isReserved || answer.Fault.Rule.Contains("audit log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Batch_WithSuchData_NamesTheItemAndSignsNone()
    {
        var tenant = await _host.NewTenantAsync();
        var reserved = KeyCalls.Base64($"anything/local/{tenant}\n1\nroot\n");

        var answer = await _host.KeyAsync(
            tenant, "sign", $$"""{"items":[{"data":"AA=="},{"data":"{{reserved}}"}]}""");

        Assert.Equal((400, "items[1].data"), (answer.Status, answer.Fault.Field));
        Assert.Empty(Versions(await _host.GetKeysAsync(tenant)));
    }

    [Fact]
    public async Task Batch_OfMoreThanAHundred_IsRefused()
    {
        var items = string.Join(',', Enumerable.Repeat("""{"data":"AA=="}""", 101));

        var answer = await _host.KeyAsync(await _host.NewTenantAsync(), "sign", $$"""{"items":[{{items}}]}""");

        Assert.Equal("items", answer.Fault.Field);
    }

    [Fact]
    public async Task Tenant_UnknownOrDisabled_SignsNothing_ButItsKeysCanBeRevoked()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.SignAsync(tenant, "hello");
        await _host.SendAsync(HttpMethod.Delete, $"/v1/tenants/{tenant}", TestHost.AdminKey);

        Assert.Equal("tenant_not_found", (await _host.SignAsync("no-such-tenant", "hello")).Code);
        Assert.Equal("tenant_not_found", (await _host.SignAsync("NO", "hello")).Code);
        Assert.Equal("tenant_not_found", (await _host.GetKeysAsync("no-such-tenant")).Code);
        var disabled = await _host.SignAsync(tenant, "hello");
        Assert.Equal((403, "tenant_disabled"), (disabled.Status, disabled.Code));
        Assert.Equal(200, (await _host.KeyAsync(tenant, "v1/revoke", "{}")).Status);
    }

    [Fact]
    public async Task RevokedKey_ThatIsUsed_IsCountedByItsOwnMetric()
    {
        await using var host = await TestHost.StartAsync();
        var tenant = await host.NewTenantAsync();
        var signed = await host.SignAsync(tenant, "hello");
        // The chain signs that there is a key now: under way while the key is revoked, that would be counted, too.
        await host.App.Services.GetRequiredService<IGrainFactory>().AuditChain(tenant).KeepUpAsync();
        await host.KeyAsync(tenant, "v1/revoke", "{}");

        await host.SignAsync(tenant, "hello");
        await host.VerifyAsync(tenant, "hello", signed);
        await host.VerifyAsync(tenant, "hello", signed);
        await host.VerifyAsync(tenant, "other", signed);

        var metrics = (await host.SendAsync(HttpMethod.Get, "/metrics", null)).Text.Split('\n')
            .Where(line => line.StartsWith("audit_revoked_key_usage_total{", StringComparison.Ordinal)).ToList();
        // A signature that is none is no use of the key.
        Assert.Contains(metrics, line => line.Contains("operation=\"verify\"") && line.EndsWith(" 2", StringComparison.Ordinal));
        Assert.Contains(metrics, line => line.Contains("operation=\"sign_refused\"") && line.Contains("} 1"));
    }

    [Fact]
    public async Task Rewrap_WithNothingToDo_SaysSo()
    {
        var answer = await _host.SendAsync(HttpMethod.Post, "/v1/keys/rewrap", TestHost.AdminKey, "{}");
        var bad = await _host.SendAsync(HttpMethod.Post, "/v1/keys/rewrap", TestHost.AdminKey, """{"limit":0}""");

        Assert.Equal((200, 0, 0), (
            answer.Status, answer.Json.GetProperty("rewrapped").GetInt32(), answer.Json.GetProperty("remaining").GetInt32()));
        Assert.Matches("^[0-9a-f]{16}$", Text(answer, "kek"));
        Assert.Equal("limit", bad.Fault.Field);
    }

    private static void AssertVerdict(Answer answer, bool valid, string status, string? beforeRevocation = null)
    {
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            (valid, status, beforeRevocation),
            (answer.Json.GetProperty("valid").GetBoolean(), Text(answer, "status"), Text(answer, "beforeRevocation")));
    }

    private static IEnumerable<(string?, string?)> Versions(Answer list) => list.Json.GetProperty("items").EnumerateArray()
        .Select(item => (item.GetProperty("version").GetString(), item.GetProperty("status").GetString()));

    private static string? Text(Answer answer, string name) => answer.Json.GetProperty(name).GetString();
}
