using System.Text;
using Gatehouse.ApiHost.Tests.Auditing;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Idempotency;

/// <summary>The header Idempotency-Key on this API's own changes.</summary>
public class OwnRequestsTests(SharedHost shared)
{
    private const string Policy = """{"limit":7,"window":"00:01:00"}""";

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task AChange_IsMadeOnce_AndItsAnswerIsGivenAgain()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/rate-limits/p";

        var first = await SendAsync(HttpMethod.Put, path, Policy, "k");
        var second = await SendAsync(HttpMethod.Put, path, Policy.Replace("7", "8", StringComparison.Ordinal), "k2");
        var again = await SendAsync(HttpMethod.Put, path, Policy, "\"k\"");

        Assert.Equal((201, 200), (first.Status, second.Status));
        Assert.Equal((201, first.Text, "true"), (again.Status, again.Text, again.Headers["Idempotent-Replayed"]));
        Assert.Equal(first.Headers["ETag"], again.Headers["ETag"]);
        Assert.NotEqual(first.Headers["X-Request-Id"], again.Headers["X-Request-Id"]);
        var now = await SendAsync(HttpMethod.Get, path, null, null);
        Assert.Equal(8, now.Json.GetProperty("limit").GetInt32());
    }

    [Fact]
    public async Task FiftyAtOnce_RecordOneEvent_AndGetFiftyEqualAnswers()
    {
        var tenant = await _host.NewTenantAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SendAsync(
            HttpMethod.Post, $"/v1/tenants/{tenant}/audit/events", AuditCalls.Event, "k", ("Prefer", "wait=20"))));

        Assert.All(answers, answer => Assert.Equal((201, answers[0].Text), (answer.Status, answer.Text)));
        Assert.Equal(49, answers.Count(answer => answer.Headers.ContainsKey("Idempotent-Replayed")));
        Assert.Single(await _host.ListAllAsync(tenant, "action=order.refund"));
    }

    [Fact]
    public async Task AnAppendOfMoreEvents_WithTheSameKey_IsAnotherRequest()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/audit/events";
        await SendAsync(HttpMethod.Post, path, $$"""{"events":[{{AuditCalls.Event}}]}""", "k");

        var more = await SendAsync(
            HttpMethod.Post, path, $$"""{"events":[{{AuditCalls.Event}},{{AuditCalls.Event}}]}""", "k");

        Assert.Equal((422, "idempotency_key_reused"), (more.Status, more.Code));
        Assert.Single(await _host.ListAllAsync(tenant, "action=order.refund"));
    }

    [Fact]
    public async Task TheSameKey_OnAnotherId_Is422_AndNeverAReplay()
    {
        var tenant = await _host.NewTenantAsync();

        var one = await SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}/rate-limits/one", Policy, "k");
        var two = await SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}/rate-limits/two", Policy, "k");

        Assert.Equal((201, 422, "idempotency_key_reused"), (one.Status, two.Status, two.Code));
        var missing = await SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/rate-limits/two", null, null);
        Assert.Equal(404, missing.Status);
    }

    [Fact]
    public async Task TheSameKey_OfTwoTenants_AreTwoRequests()
    {
        var (one, two) = (await _host.NewTenantAsync(), await _host.NewTenantAsync());

        foreach (var tenant in new[] { one, two })
        {
            var answer = await SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/keys/rotate", "{}", "k");
            Assert.Equal((200, false), (answer.Status, answer.Headers.ContainsKey("Idempotent-Replayed")));
        }
    }

    [Fact]
    public async Task AnEmergencyRotation_SentTwice_RevokesOnce()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/keys/rotate";
        await SendAsync(HttpMethod.Post, path, "{}", null);

        var first = await SendAsync(HttpMethod.Post, path, """{"emergency":true}""", "k");
        var again = await SendAsync(HttpMethod.Post, path, """{"emergency":true}""", "k");

        Assert.Equal((200, first.Text), (first.Status, again.Text));
        var keys = await SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/keys", null, null);
        Assert.Equal(1, keys.Json.GetProperty("items").EnumerateArray()
            .Count(key => key.GetProperty("status").GetString() == "revoked"));
    }

    [Fact]
    public async Task ARefusal_GivesTheKeyBack()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/rate-limits/p";

        var invalid = await SendAsync(HttpMethod.Put, path, """{"limit":0,"window":"00:01:00"}""", "k");
        var malformed = await SendAsync(HttpMethod.Put, path, "{", "k");
        var good = await SendAsync(HttpMethod.Put, path, Policy, "k");

        Assert.Equal((400, 400, 201), (invalid.Status, malformed.Status, good.Status));
    }

    [Fact]
    public async Task AnIssuedApiKey_IsShownOnce_AndIsNotKept()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/api-keys";

        var issued = await SendAsync(HttpMethod.Post, path, """{"scopes":["audit"]}""", "k");
        var again = await SendAsync(HttpMethod.Post, path, """{"scopes":["audit"]}""", "k");

        Assert.Equal((201, 409, "idempotency_answer_not_kept"), (issued.Status, again.Status, again.Code));
        Assert.Equal(201, again.Json.GetProperty("originalStatus").GetInt32());
        Assert.DoesNotContain(issued.Json.GetProperty("key").GetString()!, again.Text, StringComparison.Ordinal);
        var keys = await SendAsync(HttpMethod.Get, path, null, null);
        Assert.Equal(1, keys.Json.GetProperty("items").GetArrayLength());
        var stored = await SendAsync(HttpMethod.Get,
            $"/v1/tenants/{tenant}/idempotency?endpoint=POST%20/v1/tenants/%7Btenant%7D/api-keys&key=k", null, null);
        Assert.Equal("tombstoned", stored.Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task AClaimOfTheService_NeverAnswersARequestToThisApi()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/rate-limits/p";
        await SendAsync(HttpMethod.Put, path, Policy, null);
        var key = await _host.NewKeyAsync(tenant, "\"idempotency:write\"");
        const string Claim = "\"endpoint\":\"DELETE /v1/tenants/{tenant}/rate-limits/{policy}\",\"key\":\"k\"";
        await StepAsync("begin", $"{{{Claim},\"path\":\"{path}\"}}");
        await StepAsync("complete", $"{{{Claim},\"epoch\":1,\"response\":{{\"status\":204}}}}");

        var deleted = await SendAsync(HttpMethod.Delete, path, null, "k");

        Assert.Equal((422, "idempotency_key_reused"), (deleted.Status, deleted.Code));

        async Task StepAsync(string step, string body) => Assert.Equal(
            200, (await _host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/idempotency/{step}", key, body)).Status);
    }

    [Fact]
    public async Task ATenant_IsCreatedAndDisabledOnce()
    {
        var path = $"/v1/tenants/{TestHost.NewName()}";

        var created = await SendAsync(HttpMethod.Put, path, "{}", "a");
        var disabled = await SendAsync(HttpMethod.Delete, path, null, "b");
        var replayed = await SendAsync(HttpMethod.Put, path, "{}", "a");
        var disabledAgain = await SendAsync(HttpMethod.Delete, path, null, "b");

        Assert.Equal((201, 204), (created.Status, disabled.Status));
        Assert.Equal((201, "true"), (replayed.Status, replayed.Headers["Idempotent-Replayed"]));
        Assert.Equal((204, "true"), (disabledAgain.Status, disabledAgain.Headers["Idempotent-Replayed"]));
        var tenant = await SendAsync(HttpMethod.Get, path, null, null);
        Assert.Equal("disabled", tenant.Json.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/api-keys")]
    [InlineData("DELETE", "/api-keys/a")]
    [InlineData("PUT", "/rate-limits/p")]
    [InlineData("DELETE", "/rate-limits/p")]
    [InlineData("POST", "/rate-limits/p/refund")]
    [InlineData("POST", "/rate-limits/p/reset")]
    [InlineData("POST", "/audit/events")]
    [InlineData("PUT", "/audit/retention")]
    [InlineData("POST", "/audit/repair")]
    [InlineData("POST", "/keys/rotate")]
    [InlineData("POST", "/keys/v1/promote")]
    [InlineData("POST", "/keys/v1/revoke")]
    [InlineData("POST", "/keys/v1/destroy")]
    public async Task EveryChange_TakesAKey_AndRefusesWhatIsNotOne(string method, string path)
    {
        var tenant = await _host.NewTenantAsync();

        var refused = await SendAsync(new HttpMethod(method), $"/v1/tenants/{tenant}{path}", "{}", "a, b");

        Assert.Equal((400, "Idempotency-Key"), (refused.Status, refused.Fault.Field));
    }

    private Task<Answer> SendAsync(
        HttpMethod method, string path, string? body, string? key, params (string Name, string Value)[] headers) =>
        _host.SendAsync(
            method, path, TestHost.AdminKey,
            body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            key is null ? headers : [.. headers, ("Idempotency-Key", key)]);
}
