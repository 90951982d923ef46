using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>The oracle finds an answer that breaks a promise, and no other: a fuzzer that cannot fail proves nothing.</summary>
public class AnswerOracleTests(SharedHost shared)
{
    private const string Id = "r-1";
    private const string Secret = "gh_acme.ci_0123456789012345";

    private static readonly Dictionary<string, string> Headers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["X-Request-Id"] = Id,
        ["Content-Type"] = "application/problem+json",
        ["WWW-Authenticate"] = "Bearer",
        ["Retry-After"] = "1",
    };

    [Theory]
    [InlineData(200, """{"allowed":true}""", "application/json", null)]
    [InlineData(400, """{"status":400,"code":"invalid_request","errors":[]}""", null, null)]
    [InlineData(404, """{"status":404,"code":"tenant_not_found"}""", null, null)]
    [InlineData(429, """{"status":429,"code":"rate_limited","retryAfterMs":5}""", null, null)]
    [InlineData(429, """{"status":429,"code":"cost_exceeds_limit","retryAfterMs":null}""", null, null)]
    [InlineData(200, """{"allowed":true}""", "text/html", "documented media type")]
    [InlineData(500, """{"status":500,"code":"internal_error"}""", null, "below 500")]
    [InlineData(503, """{"status":503,"code":"chain_frozen"}""", null, "below 500")]
    [InlineData(418, """{"status":418,"code":"rate_limited"}""", null, "documented status")]
    [InlineData(404, """{"status":404,"code":"nobody_documents_this"}""", null, "documented code")]
    [InlineData(404, """{"status":404}""", null, "problem")]
    [InlineData(404, "Not found", null, "problem")]
    [InlineData(404, """{"status":404,"code":"tenant_not_found"}""", "application/json", "problem")]
    [InlineData(404, """{"status":400,"code":"tenant_not_found"}""", null, "status member")]
    [InlineData(400, """{"status":400,"code":"invalid_request"}""", null, "errors")]
    [InlineData(401, """{"status":401,"code":"unauthenticated","detail":"gh_acme.ci_0123456789012345"}""", null, "secret")]
    public async Task Answer_IsJudged(int status, string body, string? type, string? rule)
    {
        var headers = new Dictionary<string, string>(Headers);
        headers["Content-Type"] = type ?? headers["Content-Type"];

        Assert.Equal(rule, (await JudgeAsync(new RawAnswer(status, headers, Whole(body)))).Complaint?.Rule);
    }

    [Theory]
    [InlineData("Retry-After", 429, """{"status":429,"code":"rate_limited","retryAfterMs":5}""", "Retry-After")]
    [InlineData("WWW-Authenticate", 401, """{"status":401,"code":"unauthenticated"}""", "WWW-Authenticate")]
    [InlineData("X-Request-Id", 404, """{"status":404,"code":"tenant_not_found"}""", "request id")]
    public async Task Answer_WithoutAHeader_IsFound(string header, int status, string body, string rule)
    {
        var headers = Headers.Where(one => one.Key != header).ToDictionary();

        Assert.Equal(rule, (await JudgeAsync(new RawAnswer(status, headers, Whole(body)))).Complaint?.Rule);
    }

    [Fact]
    public async Task Answer_ThatIsMissing_IsFound() => Assert.Equal("answer", (await JudgeAsync(null)).Complaint?.Rule);

    /// <summary>From a host whose every answer is a 500, down to the bare request.</summary>
    [Fact]
    public async Task Request_IsShrunkAsFarAsItStillFails()
    {
        var (_, request) = await JudgeAsync(null);

        var small = await Shrinking.SmallestAsync(
            request with { Body = Encoding.ASCII.GetBytes("aaaaaaaaaaaaaaaaXaaaaaaaaaaaaaaaaaaa") },
            other => Task.FromResult(other.Body!.Contains((byte)'X')));

        Assert.Equal("X", Encoding.ASCII.GetString(small.Body!));
        Assert.Empty(small.Headers);
        Assert.Contains("base64 -d <<< 'WA=='", small.ToCurl(new Uri("http://h")), StringComparison.Ordinal);
    }

    private static byte[] Whole(string body) => Encoding.UTF8.GetBytes(body.StartsWith('{') && body.Contains("status")
        ? $"{{\"type\":\"t\",\"title\":\"t\",\"requestId\":\"{Id}\",{body[1..]}" : body);

    private async Task<(Complaint? Complaint, RawRequest Request)> JudgeAsync(RawAnswer? answer)
    {
        var document = (await shared.Host.SendAsync(HttpMethod.Get, "/openapi/v1.json", null)).Json;
        var operations = ApiOperation.ReadAll(document);
        var oracle = await Oracles.OfGuideAsync(operations);
        var request = new RawRequest
        {
            Operation = operations.Single(one => one.Id == "Check"),
            Method = "POST",
            Path = "/v1/tenants/acme/rate-limits/p/check",
            Headers = [("Authorization", $"Bearer {Secret}")],
        };
        return (oracle.Judge(request, answer), request);
    }
}
