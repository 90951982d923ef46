using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>What a caller sees of a check.</summary>
public partial class CheckTests(SharedHost shared)
{
    private const string NoColdStart = """ "coldStart":{"duration":"00:00:00"} """;

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Check_Admitted_AnswersBodyAndHeaders()
    {
        var (tenant, key) = await NewAsync();

        var answer = await _host.CheckAsync(tenant, key, """{"ip":"203.0.113.7"}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            ["allowed", "reason", "limit", "effectiveLimit", "remaining", "resetAfterMs", "retryAfterMs", "cold",
                "degraded", "policy"],
            answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            (true, 100, 50, 49, true),
            (answer.Json.GetProperty("allowed").GetBoolean(), Number(answer, "limit"), Number(answer, "effectiveLimit"),
                Number(answer, "remaining"), answer.Json.GetProperty("cold").GetBoolean()));
        Assert.Equal("\"default\";q=50;w=60", answer.Headers["RateLimit-Policy"]);
        Assert.Matches(RateLimit(), answer.Headers["RateLimit"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task Check_Refused_AnswersAProblemWithRetryAfter()
    {
        var (tenant, key) = await NewAsync($$"""{"limit":1,"window":"00:01:00",{{NoColdStart}}}""");
        await _host.CheckAsync(tenant, key, """{"subject":"a"}""", "p");

        var answer = await _host.CheckAsync(tenant, key, """{"subject":"a"}""", "p");

        Assert.Equal((429, "rate_limited"), (answer.Status, answer.Code));
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.EndsWith("#quota-exceeded", answer.Json.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Equal("p", answer.Json.GetProperty("violated-policies")[0].GetString());
        var retryAfter = int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture);
        Assert.InRange(Number(answer, "retryAfterMs"), 1, retryAfter * 1000);
        Assert.Equal("\"p\";q=1;w=60", answer.Headers["RateLimit-Policy"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task Check_500AtOnceInAYoungRegion_AdmitsHalf()
    {
        var (tenant, key) = await NewAsync();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 500).Select(_ => _host.CheckAsync(tenant, key, """{"ip":"203.0.113.7"}""")));

        Assert.Equal(50, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(a => a.Status != 200), a => Assert.Equal((429, "rate_limited"), (a.Status, a.Code)));
        Assert.EndsWith(
            "#temporary-reduced-capacity",
            answers.First(a => a.Status == 429).Json.GetProperty("type").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_CostAboveTheLimit_CanNeverSucceedAndSaysSo()
    {
        var (tenant, key) = await NewAsync();

        var answer = await _host.CheckAsync(tenant, key, """{"subject":"a","cost":101}""");

        Assert.Equal((429, "cost_exceeds_limit"), (answer.Status, answer.Code));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, answer.Json.GetProperty("retryAfterMs").ValueKind);
        Assert.False(answer.Headers.ContainsKey("Retry-After"));
    }

    [Fact]
    public async Task PeekRefundReset_CountNothingOrGiveBack()
    {
        var (tenant, key) = await NewAsync();
        await _host.CheckAsync(tenant, key, """{"subject":"a","cost":50}""");
        var path = $"/v1/tenants/{tenant}/rate-limits/default";

        Assert.Equal(429, (await _host.CheckAsync(tenant, key, """{"subject":"a","cost":0}""")).Status);
        var refund = await _host.SendAsync(HttpMethod.Post, $"{path}/refund", key, """{"subject":"a","cost":20}""");
        Assert.Equal((200, 20), (refund.Status, Number(refund, "remaining")));
        Assert.Equal(20, Number(await _host.CheckAsync(tenant, key, """{"subject":"a","cost":0}"""), "remaining"));
        var reset = await _host.SendAsync(HttpMethod.Post, $"{path}/reset", key, """{"subject":"a"}""");
        Assert.Equal((200, 50), (reset.Status, Number(reset, "remaining")));
    }

    [Theory]
    [InlineData("""{"ip":"2001:db8::1"}""", """{"ip":"2001:db8:0:0:ffff::2"}""", true)]
    [InlineData("""{"ip":"2001:db8::1"}""", """{"ip":"2001:db8:0:1::1"}""", false)]
    [InlineData("""{"ip":"203.0.113.7"}""", """{"ip":"::ffff:203.0.113.7"}""", true)]
    [InlineData("""{"ip":"203.0.113.7"}""", """{"ip":"::ffff:cb00:7107"}""", true)]
    [InlineData("""{"ip":"203.0.113.7"}""", """{"subject":"203.0.113.7"}""", false)]
    [InlineData("""{"subject":"a"}""", """{"subject":"A"}""", false)]
    [InlineData("""{"subject":"a/i/b"}""", """{"subject":"a"}""", false)]
    [InlineData("""{"subject":"\ud83d\ude00"}""", """{"subject":"😀"}""", true)]
    [InlineData("""{"subject":"\ufffd"}""", """{"subject":"a"}""", false)]
    public async Task Check_TwoSubjects_ShareACounterOrNot(string first, string second, bool isShared)
    {
        var (tenant, key) = await NewAsync();
        await _host.CheckAsync(tenant, key, first);

        Assert.Equal(isShared ? 48 : 49, Number(await _host.CheckAsync(tenant, key, second), "remaining"));
    }

    [Fact]
    public async Task Check_ListsAndOverrides_Hold()
    {
        var (tenant, key) = await NewAsync($$"""
            {"limit":10,"window":"00:01:00",{{NoColdStart}},"allow":["192.0.2.0/24"],"deny":["192.0.2.7","198.51.100.0/24"],
             "overrides":[{"cidr":"203.0.113.0/24","limit":20},{"cidr":"203.0.113.8/29","limit":30,"window":"01:00:00"},
             {"subject":"vip","limit":40}]}
            """);

        await ExpectAsync("""{"ip":"192.0.2.7","cost":11}""", 200, "allow_listed", 10);
        await ExpectAsync("""{"ip":"198.51.100.1"}""", 429, "deny_listed", 10);
        await ExpectAsync("""{"ip":"203.0.113.1"}""", 200, "within_limit", 20);
        await ExpectAsync("""{"ip":"203.0.113.9"}""", 200, "within_limit", 30);
        await ExpectAsync("""{"subject":"vip"}""", 200, "within_limit", 40);
        await ExpectAsync("""{"ip":"8.8.8.8"}""", 200, "within_limit", 10);

        async Task ExpectAsync(string body, int status, string reason, int limit)
        {
            var answer = await _host.CheckAsync(tenant, key, body, "p");
            Assert.Equal(
                (status, reason, limit),
                (answer.Status, answer.Json.GetProperty("reason").GetString(), Number(answer, "limit")));
        }
    }

    [Fact]
    public async Task Check_ShadowMode_AdmitsAndReports()
    {
        var (tenant, key) = await NewAsync($$"""{"limit":1,"window":"00:01:00","mode":"shadow",{{NoColdStart}}}""");
        await _host.CheckAsync(tenant, key, """{"subject":"a"}""", "p");

        var answer = await _host.CheckAsync(tenant, key, """{"subject":"a"}""", "p");

        Assert.Equal((200, "over_limit"), (answer.Status, answer.Json.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task Check_PolicyChangedLive_KeepsTheCounters()
    {
        var (tenant, key) = await NewAsync($$"""{"limit":10,"window":"00:01:00",{{NoColdStart}}}""");
        await _host.CheckAsync(tenant, key, """{"subject":"a","cost":6}""", "p");

        await _host.PutPolicyAsync(tenant, $$"""{"limit":5,"window":"00:01:00",{{NoColdStart}}}""");
        Assert.Equal(429, (await _host.CheckAsync(tenant, key, """{"subject":"a"}""", "p")).Status);

        await _host.PutPolicyAsync(
            tenant, $$"""{"limit":20,"window":"00:01:00","algorithm":"token-bucket",{{NoColdStart}}}""");
        Assert.Equal(13, Number(await _host.CheckAsync(tenant, key, """{"subject":"a"}""", "p"), "remaining"));
    }

    private async Task<(string Tenant, string Key)> NewAsync(string? policy = null)
    {
        var tenant = await _host.NewTenantAsync();
        if (policy is not null)
        {
            Assert.Equal(201, (await _host.PutPolicyAsync(tenant, policy)).Status);
        }

        return (tenant, await _host.NewKeyAsync(tenant));
    }

    private static int Number(Answer answer, string member) => answer.Json.GetProperty(member).GetInt32();

    // An item is a string with the parameters r and, where something is in use, t (draft 10, sections 4.1 and 4.2).
    [GeneratedRegex("""^"default";r=49;t=[1-9][0-9]*$""")]
    private static partial Regex RateLimit();
}
