using System.Net.Http.Headers;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>What the fuzzers found, a case each.</summary>
public class FoundTests(SharedHost shared)
{
    private static readonly int[] KeyProblems = [400, 409, 413, 422];

    private readonly TestHost _host = shared.Host;

    /// <summary>Was a 500, with the key of the request held by it.</summary>
    [Theory]
    [InlineData("application/json; charset=", 415)]
    [InlineData("application/json; charset=nonsense", 415)]
    [InlineData("application/json; charset=utf-16", 415)]
    [InlineData("application/json; charset=\"UTF-8\"", 201)]
    [InlineData("application/json; charset=utf-8", 201)]
    public async Task Charset_OtherThanUtf8_Is415AndTheKeyStaysFree(string type, int status)
    {
        var path = $"/v1/tenants/{await _host.NewTenantAsync()}/rate-limits/p";
        const string Policy = """{"limit":1,"window":"00:01:00"}""";
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Policy));
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        var answer = await _host.SendAsync(HttpMethod.Put, path, TestHost.AdminKey, content, ("Idempotency-Key", "k"));

        Assert.Equal(status, answer.Status);
        using var good = new StringContent(Policy, new MediaTypeHeaderValue("application/json"));
        var again = await _host.SendAsync(HttpMethod.Put, path, TestHost.AdminKey, good, ("Idempotency-Key", "k"));
        Assert.Equal(201, again.Status);
    }

    /// <summary>A route that reads no body does not look at what its client said of one.</summary>
    [Fact]
    public async Task Charset_OfARouteWithoutABody_IsNotLookedAt()
    {
        using var content = new ByteArrayContent([]);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=nonsense");

        var answer = await _host.SendAsync(
            HttpMethod.Post, $"/authz/forward/{await _host.NewTenantAsync()}/default", null, content,
            ("X-Gatehouse-Key", TestHost.AdminKey), ("X-Forwarded-For", "203.0.113.7"));

        Assert.Equal(200, answer.Status);
    }

    /// <summary>Was told back whole, twice, with six bytes for each letter.</summary>
    [Theory]
    [InlineData('a')]
    [InlineData('é')]
    public async Task FieldThatIsMadeUp_IsNotToldBackWhole(char letter)
    {
        var answer = await _host.PutPolicyAsync(
            await _host.NewTenantAsync(), $$"""{"limit":1,"window":"00:01:00","{{new string(letter, 20_000)}}":1}""");

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal($"{new string(letter, 200)}…", answer.Fault.Field);
        Assert.True(answer.Text.Length < 5_000);
    }

    /// <summary>3 KB were answered with 120.</summary>
    [Fact]
    public async Task ManyBrokenRules_AreToldUpToFifty()
    {
        var networks = string.Join(',', Enumerable.Repeat("\"\"", 1000));

        var answer = await _host.PutPolicyAsync(
            await _host.NewTenantAsync(), $$"""{"limit":1,"window":"00:01:00","allow":[{{networks}}]}""");

        Assert.Equal((400, "allow[0]"), (answer.Status, answer.Fault.Field));
        Assert.Equal(50, answer.Json.GetProperty("errors").GetArrayLength());
    }

    /// <summary>Was kept, and given to whoever began again.</summary>
    [Fact]
    public async Task HeaderOfAnAnswer_ThatIsNull_IsRefused()
    {
        var path = $"/v1/tenants/{await _host.NewTenantAsync()}/idempotency";
        await _host.SendAsync(HttpMethod.Post, $"{path}/begin", TestHost.AdminKey,
            """{"endpoint":"POST /a/{id}","path":"/a/7","key":"k"}""");

        var answer = await _host.SendAsync(HttpMethod.Post, $"{path}/complete", TestHost.AdminKey,
            """{"endpoint":"POST /a/{id}","key":"k","epoch":1,"response":{"status":201,"headers":{"Location":null}}}""");

        Assert.Equal((400, "response.headers.Location"), (answer.Status, answer.Fault.Field));
    }

    /// <summary>No operation said that it can be refused for the host's sake.</summary>
    [Fact]
    public async Task Document_HasTheRefusalsThatAllRoutesShare()
    {
        var document = await _host.SendAsync(HttpMethod.Get, "/openapi/v1.json", null);

        Assert.All(ApiOperation.ReadAll(document.Json), operation =>
        {
            Assert.Equal(operation.Id != "ForwardAuthNginx", operation.Answers.ContainsKey(429));
            Assert.True(operation.Body is null || operation.Answers.ContainsKey(413), operation.Id);
            Assert.True(operation.Parameters.All(static one => one.Name != "Idempotency-Key")
                || KeyProblems.All(operation.Answers.ContainsKey), operation.Id);
        });
    }
}
