using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>What a caller who was refused sees when it goes on calling, and how soon it is let in again.</summary>
public partial class DeniedTests(DeniedHost denied) : IClassFixture<DeniedHost>
{
    private const string Once = """{"limit":1,"window":"01:00:00","coldStart":{"duration":"00:00:00"}}""";
    private const string A = """{"subject":"a"}""";

    private readonly TestHost _host = denied.Host;

    [Theory]
    [InlineData(Once, A)]
    [InlineData("""{"limit":1,"window":"01:00:00"}""", """{"ip":"203.0.113.7"}""")]
    [InlineData("""{"limit":1,"window":"01:00:00","algorithm":"token-bucket"}""", """{"ip":"2001:db8::7"}""")]
    [InlineData("""{"limit":1,"window":"01:00:00","algorithm":"fixed-window"}""", """{"subject":"a","cost":1}""")]
    public async Task Repeated_IsTheGrainsAnswer_ButForTheTimeThatPassed(string policy, string body)
    {
        var (tenant, key) = await denied.NewAsync(policy);
        await denied.CheckAsync(tenant, key, body);
        var (first, isRepeated) = await denied.CheckAsync(tenant, key, body);
        Assert.Equal((429, false), (first.Status, isRepeated));

        var again = await denied.RepeatedAsync(tenant, key, body);

        Assert.Equal(Counting().Replace(first.Text, "#"), Counting().Replace(again.Text, "#"));
        Assert.Equal(Constant(first), Constant(again));
        Assert.Equal(again.Headers["X-Request-Id"], again.Json.GetProperty("requestId").GetString());
        var (retry, reset) = (Number(again, "retryAfterMs"), Number(again, "resetAfterMs"));
        Assert.InRange(Number(first, "retryAfterMs") - retry, 0, 60_000);
        Assert.Equal(Number(first, "resetAfterMs") - Number(first, "retryAfterMs"), reset - retry);
        var seconds = ((retry + 999) / 1000).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(seconds, again.Headers["Retry-After"]);
        Assert.EndsWith($";r=0;t={seconds}", again.Headers["RateLimit"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refund", """{"subject":"a","cost":1}""")]
    [InlineData("reset", A)]
    public async Task GivenBack_TheNextCallIsAdmitted(string action, string body)
    {
        var (tenant, key) = await denied.NewAsync(Once);
        await denied.CheckAsync(tenant, key, A);
        for (var i = 0; i < 3; i++)
        {
            await denied.RepeatedAsync(tenant, key, A);
            var path = $"/v1/tenants/{tenant}/rate-limits/p/{action}";
            Assert.Equal(200, (await _host.SendAsync(HttpMethod.Post, path, key, body)).Status);

            Assert.Equal(200, (await denied.CheckAsync(tenant, key, A)).Answer.Status);
        }
    }

    [Fact]
    public async Task PolicyChanged_TheNextCallIsDecidedByIt()
    {
        var (tenant, key) = await denied.NewAsync(Once);
        await denied.CheckAsync(tenant, key, A);
        await denied.RepeatedAsync(tenant, key, A);

        await _host.PutPolicyAsync(tenant, Once.Replace("\"limit\":1", "\"limit\":2", StringComparison.Ordinal));

        Assert.Equal(200, (await denied.CheckAsync(tenant, key, A)).Answer.Status);
    }

    [Fact]
    public async Task Wait_IsOver_TheNextCallIsAdmitted()
    {
        var (tenant, key) = await denied.NewAsync(Once.Replace("01:00:00", "00:00:30", StringComparison.Ordinal));
        await denied.CheckAsync(tenant, key, A);
        var refused = await denied.RepeatedAsync(tenant, key, A);

        // The store's clock is not set forward with the host's, so the region's may be put back by a thousandth meanwhile.
        denied.Forward(TimeSpan.FromMilliseconds(Number(refused, "retryAfterMs")) * 1.01);

        Assert.Equal(200, (await denied.CheckAsync(tenant, key, A)).Answer.Status);
    }

    [Fact]
    public async Task Cost_SmallerIsAsked_LargerIsRefused_TooLargeIsToldSo()
    {
        var (tenant, key) = await denied.NewAsync(Once.Replace("\"limit\":1", "\"limit\":10", StringComparison.Ordinal));
        await denied.CheckAsync(tenant, key, """{"subject":"a","cost":8}""");
        await denied.RepeatedAsync(tenant, key, """{"subject":"a","cost":5}""");

        Assert.Equal("rate_limited", (await denied.RepeatedAsync(tenant, key, """{"subject":"a","cost":6}""")).Code);
        var tooLarge = await denied.RepeatedAsync(tenant, key, """{"subject":"a","cost":11}""");
        Assert.Equal("cost_exceeds_limit", tooLarge.Code);
        Assert.Equal(JsonValueKind.Null, tooLarge.Json.GetProperty("retryAfterMs").ValueKind);
        Assert.False(tooLarge.Headers.ContainsKey("Retry-After"));
        var (smaller, isRepeated) = await denied.CheckAsync(tenant, key, """{"subject":"a","cost":2}""");
        Assert.Equal((200, false), (smaller.Status, isRepeated));
    }

    [Fact]
    public async Task Peek_IsAnsweredByTheGrain()
    {
        var (tenant, key) = await denied.NewAsync(Once);
        await denied.CheckAsync(tenant, key, A);
        await denied.RepeatedAsync(tenant, key, A);

        var (peek, isRepeated) = await denied.CheckAsync(tenant, key, """{"subject":"a","cost":0}""");

        Assert.Equal((429, false), (peek.Status, isRepeated));
    }

    [Fact]
    public async Task Network_WithAnAllowedAddress_IsRefusedAndTheAddressAdmitted()
    {
        var (tenant, key) = await denied.NewAsync(Once.Replace(
            "\"limit\"", "\"allow\":[\"2001:db8::7\"],\"limit\"", StringComparison.Ordinal));
        await denied.CheckAsync(tenant, key, """{"ip":"2001:db8::1"}""");
        Assert.Equal(429, (await denied.CheckAsync(tenant, key, """{"ip":"2001:db8::1"}""")).Answer.Status);

        var (allowed, _) = await denied.CheckAsync(tenant, key, """{"ip":"2001:db8::7"}""");

        Assert.Equal((200, "allow_listed"), (allowed.Status, allowed.Json.GetProperty("reason").GetString()));
        Assert.Equal(429, (await denied.CheckAsync(tenant, key, """{"ip":"2001:db8::1"}""")).Answer.Status);
    }

    [Fact]
    public async Task Metrics_CountEveryRefusal_WhoeverGaveIt()
    {
        var (tenant, key) = await denied.NewAsync(Once);
        await denied.CheckAsync(tenant, key, A);
        var counted = 0L;
        using var refusals = denied.ListenToRefusals(count => Interlocked.Add(ref counted, count));
        var (calls, repeated) = (0, 0);
        while (repeated < 3)
        {
            repeated += (await denied.CheckAsync(tenant, key, A)).IsRepeated ? 1 : 0;
            calls++;
        }

        Assert.Equal(calls, Interlocked.Read(ref counted));
    }

    private static long Number(Answer answer, string member) => answer.Json.GetProperty(member).GetInt64();

    /// <summary>The headers that say the same however much later.</summary>
    private static IEnumerable<string> Constant(Answer answer) => answer.Headers
        .Where(header => header.Key.ToUpperInvariant() is not
            ("DATE" or "X-REQUEST-ID" or "RETRY-AFTER" or "RATELIMIT" or "CONTENT-LENGTH"))
        .Select(header => $"{header.Key}: {header.Value}").Order();

    [GeneratedRegex("""(?<="(resetAfterMs|retryAfterMs)":)\d+|(?<="requestId":")[^"]+""")]
    private static partial Regex Counting();
}
