using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Idempotency;

/// <summary>Idempotency keys as a service, as the service behind them uses it.</summary>
public class IdempotencyTests(SharedHost shared)
{
    private const string Order = """{"endpoint":"POST /orders/{id}","path":"/orders/7","key":"k1"}""";
    private const string Step = """{"endpoint":"POST /orders/{id}","key":"k1","epoch":1}""";

    private const string Completion = """
        {"endpoint":"POST /orders/{id}","key":"k1","epoch":1,"response":{"status":201,"body":"AAEC",
        "headers":{"Content-Type":"text/plain","Location":"/orders/7","Set-Cookie":"secret"}}}
        """;

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Request_IsStartedOnce_AndItsAnswerIsGivenAgain()
    {
        var tenant = await _host.NewTenantAsync();

        var begun = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync(tenant, "begin", Order)));
        var started = Assert.Single(begun, answer => answer.Status == 200);
        Assert.Equal(("started", 1, 60_000), (
            started.Json.GetProperty("state").GetString(), started.Json.GetProperty("epoch").GetInt32(),
            started.Json.GetProperty("leaseMs").GetInt32()));
        Assert.All(begun.Where(answer => answer != started), answer =>
        {
            Assert.Equal((409, "idempotency_in_progress"), (answer.Status, answer.Code));
            Assert.True(answer.Headers.ContainsKey("Retry-After"));
        });
        Assert.Equal("completed", State(await PostAsync(tenant, "complete", Completion)));
        Assert.Equal("completed", State(await PostAsync(tenant, "complete", Completion)));

        var again = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync(tenant, "begin", Order)));
        Assert.All(again, answer => Assert.Equal(again[0].Text, answer.Text));
        var response = again[0].Json.GetProperty("response");
        Assert.Equal(("completed", 201, "AAEC"), (
            State(again[0]), response.GetProperty("status").GetInt32(), response.GetProperty("body").GetString()));
        Assert.Equal(["Content-Type", "Location"], response.GetProperty("headers").EnumerateObject().Select(h => h.Name).Order());
    }

    [Fact]
    public async Task Request_ThatIsBeingDone_IsWaitedFor()
    {
        var tenant = await _host.NewTenantAsync();
        await PostAsync(tenant, "begin", Order);

        var waiting = PostAsync(tenant, "begin", Order, ("Prefer", "respond-async, wait=20"));
        await PostAsync(tenant, "complete", Completion);

        Assert.Equal("completed", State(await waiting));
    }

    [Fact]
    public async Task Key_OfAnotherRequest_IsNotAnswered()
    {
        var (tenant, other) = (await _host.NewTenantAsync(), await _host.NewTenantAsync());
        await PostAsync(tenant, "begin", Order);
        await PostAsync(tenant, "complete", Completion);

        foreach (var body in new[]
        {
            Order.Replace("/orders/7", "/orders/8", StringComparison.Ordinal),
            Order.Replace("\"key\"", "\"fingerprint\":\"another body\",\"key\"", StringComparison.Ordinal),
        })
        {
            var refused = await PostAsync(tenant, "begin", body);
            Assert.Equal((422, "idempotency_key_reused"), (refused.Status, refused.Code));
        }

        var elsewhere = Order.Replace("{id}", "{id}/x", StringComparison.Ordinal);
        Assert.Equal("started", State(await PostAsync(tenant, "begin", elsewhere)));
        Assert.Equal("started", State(await PostAsync(other, "begin", Order)));
    }

    [Fact]
    public async Task Request_WithoutEffect_MayBeginAgain_AndItsOldOwnerIsRefused()
    {
        var tenant = await _host.NewTenantAsync();
        await PostAsync(tenant, "begin", Order);

        Assert.Equal("released", State(await PostAsync(tenant, "release", Step)));
        var again = await PostAsync(tenant, "begin", Order);
        var stale = await PostAsync(tenant, "complete", Completion);
        var refused = await PostAsync(tenant, "complete",
            Completion.Replace("\"epoch\":1", "\"epoch\":2", StringComparison.Ordinal)
                .Replace("201", "429", StringComparison.Ordinal));

        Assert.Equal(2, again.Json.GetProperty("epoch").GetInt32());
        Assert.Equal((409, "idempotency_stale"), (stale.Status, stale.Code));
        Assert.Equal("released", State(refused));
        Assert.Equal(3, (await PostAsync(tenant, "begin", Order)).Json.GetProperty("epoch").GetInt32());
    }

    [Fact]
    public async Task Request_ThatFailedInTheMiddle_IsHeld_AndCanBeResolved()
    {
        var tenant = await _host.NewTenantAsync();
        await PostAsync(tenant, "begin", Order);
        var failed = Completion.Replace("201", "500", StringComparison.Ordinal);

        Assert.Equal("unknown", State(await PostAsync(tenant, "complete", failed)));
        var held = await PostAsync(tenant, "begin", Order);
        Assert.Equal((409, "idempotency_outcome_unknown"), (held.Status, held.Code));
        var entry = await _host.SendAsync(
            HttpMethod.Get, $"/v1/tenants/{tenant}/idempotency?endpoint=POST%20/orders/%7Bid%7D&key=k1", TestHost.AdminKey);
        Assert.Equal(("unknown", 500), (State(entry), entry.Json.GetProperty("status").GetInt32()));
        Assert.Equal("completed", State(await PostAsync(tenant, "complete", Completion)));
        Assert.Equal("completed", State(await PostAsync(tenant, "begin", Order)));
    }

    [Fact]
    public async Task Answer_ThatIsTooLarge_LeavesATombstone()
    {
        var tenant = await _host.NewTenantAsync();
        await PostAsync(tenant, "begin", Order);
        var large = Convert.ToBase64String(new byte[(256 * 1024) + 1]);

        await PostAsync(tenant, "complete", Completion.Replace("AAEC", large, StringComparison.Ordinal));
        var again = await PostAsync(tenant, "begin", Order);

        Assert.Equal(("tombstoned", 201, JsonValueKind.Null), (
            State(again), again.Json.GetProperty("response").GetProperty("status").GetInt32(),
            again.Json.GetProperty("response").GetProperty("body").ValueKind));
    }

    [Fact]
    public async Task Answer_ThatIsNotSent_LeavesATombstone()
    {
        var tenant = await _host.NewTenantAsync();
        await PostAsync(tenant, "begin", Order);

        var completed = await PostAsync(
            tenant, "complete", Completion.Replace("\"body\":\"AAEC\"", "\"tombstone\":true", StringComparison.Ordinal));
        var again = await PostAsync(tenant, "begin", Order);

        Assert.Equal("completed", State(completed));
        Assert.Equal(("tombstoned", "/orders/7"), (
            State(again), again.Json.GetProperty("response").GetProperty("headers").GetProperty("Location").GetString()));
        Assert.False(again.Json.GetProperty("response").TryGetProperty("tombstone", out _));
    }

    [Fact]
    public async Task Begin_WithAnOwner_MayBeSentAgain_AndGivenBackWithoutAnAnswer()
    {
        var tenant = await _host.NewTenantAsync();
        var mine = Order.Replace("\"key\"", "\"owner\":\"me\",\"key\"", StringComparison.Ordinal);
        const string GivenBack = """{"endpoint":"POST /orders/{id}","key":"k1","owner":"me"}""";

        Assert.Equal("started", State(await PostAsync(tenant, "begin", mine)));
        Assert.Equal("started", State(await PostAsync(tenant, "begin", mine)));
        Assert.Equal(409, (await PostAsync(tenant, "begin", Order)).Status);
        Assert.Equal(409, (await PostAsync(tenant, "release", GivenBack.Replace("me", "you", StringComparison.Ordinal))).Status);
        Assert.Equal("released", State(await PostAsync(tenant, "release", GivenBack)));
        Assert.Equal(2, (await PostAsync(tenant, "begin", Order)).Json.GetProperty("epoch").GetInt32());
        Assert.Equal(409, (await PostAsync(tenant, "release", GivenBack)).Status);
    }

    [Theory]
    [InlineData("begin", """{"path":"/a","key":"k"}""", "endpoint")]
    [InlineData("begin", """{"endpoint":"POST /a","key":"k"}""", "path")]
    [InlineData("begin", """{"endpoint":"POST /a","path":"/a"}""", "key")]
    [InlineData("begin", """{"endpoint":"POST /a","path":"/a","key":"é"}""", "key")]
    [InlineData("begin", """{"endpoint":"POST /a","path":"/a","key":"k","policy":"maybe"}""", "policy")]
    [InlineData("begin", """{"endpoint":"POST /a","path":"/a","key":"k","leaseMs":1}""", "leaseMs")]
    [InlineData("begin", """{"endpoint":"POST /a","path":"/a","key":"k","owner":""}""", "owner")]
    [InlineData("release", """{"endpoint":"POST /a","key":"k"}""", "epoch")]
    [InlineData("release", """{"endpoint":"POST /a","key":"k","epoch":1,"owner":"me"}""", "owner")]
    [InlineData("renew", """{"endpoint":"POST /a","key":"k"}""", "epoch")]
    [InlineData("complete", """{"endpoint":"POST /a","key":"k","response":{"status":200}}""", "epoch")]
    [InlineData("complete", """{"endpoint":"POST /a","key":"k","epoch":1}""", "response")]
    [InlineData("complete", """{"endpoint":"POST /a","key":"k","epoch":1,"response":{"status":99}}""", "response.status")]
    [InlineData(
        "complete", """{"endpoint":"POST /a","key":"k","epoch":1,"response":{"status":200,"body":"?"}}""", "response.body")]
    [InlineData("complete", """
        {"endpoint":"POST /a","key":"k","epoch":1,"response":{"status":200,"body":"AA==","tombstone":true}}
        """, "response.body")]
    [InlineData("renew", """{"endpoint":"POST /a","key":"k","epoch":1,"leaseMs":0}""", "leaseMs")]
    public async Task BadInput_NamesTheField(string action, string body, string field)
    {
        var refused = await PostAsync(await _host.NewTenantAsync(), action, body);

        Assert.Equal((400, field), (refused.Status, refused.Json.GetProperty("errors")[0].GetProperty("field").GetString()));
    }

    [Fact]
    public async Task Step_OfAKeyThatNobodyBegan_IsNotFound()
    {
        var tenant = await _host.NewTenantAsync();
        foreach (var (action, body) in new[] { ("release", Step), ("renew", Step), ("complete", Completion) })
        {
            var missing = await PostAsync(tenant, action, body);
            Assert.Equal((404, "idempotency_key_not_found"), (missing.Status, missing.Code));
        }
    }

    private static string? State(Answer answer) =>
        answer.Status == 200 ? answer.Json.GetProperty("state").GetString() : answer.Text;

    private Task<Answer> PostAsync(string tenant, string action, string body, params (string Name, string Value)[] headers) =>
        _host.SendAsync(
            HttpMethod.Post, $"/v1/tenants/{tenant}/idempotency/{action}", TestHost.AdminKey,
            new StringContent(body, Encoding.UTF8, "application/json"), headers);
}
