using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Cli.Tests.Fixtures;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary><c>gatehouse tenant</c> and <c>tenant key</c>, against a real host.</summary>
public class TenantTests(CommandHost host)
{
    [Fact]
    public async Task Tenant_FromPutToDelete_IsWhatTheApiSays()
    {
        var tenant = TestHost.NewName();

        var put = await host.RunAsync(["tenant", "put", tenant]);
        var shown = await host.RunAsync(["tenant", "show", tenant, "--json"]);
        var deleted = await host.RunAsync(["tenant", "delete", tenant, "--yes", "--json"]);
        var after = await host.RunAsync(["tenant", "show", tenant]);

        Assert.Equal((0, ""), (put.Code, put.Errors));
        Assert.Contains($"tenant   {tenant}", put.Output, StringComparison.Ordinal);
        Assert.Equal("active", shown.Json.GetProperty("status").GetString());
        Assert.Equal("disabled", deleted.Json.GetProperty("status").GetString());
        Assert.Contains("status   disabled", after.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 2, "--yes is required")]
    [InlineData("n", 1, "nothing was done")]
    [InlineData("", 1, "nothing was done")]
    [InlineData("y", 0, "All its keys are refused then. [y/N]")]
    public async Task Delete_WithoutYes_AsksAndObeys(string? answer, int code, string said)
    {
        var tenant = await host.Host.NewTenantAsync();

        var run = await host.RunAsync(["tenant", "delete", tenant], answers: answer);

        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        var status = (await host.RunAsync(["tenant", "show", tenant, "--json"])).Json.GetProperty("status").GetString();
        Assert.Equal(code == 0 ? "disabled" : "active", status);
    }

    [Fact]
    public async Task Key_IsShownOnceWorksAndIsRevoked()
    {
        var tenant = await host.Host.NewTenantAsync();

        var made = await host.RunAsync(["tenant", "key", "new", tenant, "--scope", "ratelimit", "audit:read", "--json"]);
        var (key, id) = (made.Json.GetProperty("key").GetString()!, made.Json.GetProperty("id").GetString()!);
        var used = await host.RunAsync(["limit", "check", tenant, "default", "--subject", "a"], key);
        var list = await host.RunAsync(["tenant", "key", "list", tenant]);
        var revoked = await host.RunAsync(["tenant", "key", "revoke", tenant, id, "--yes"]);
        var refused = await host.RunAsync(["limit", "check", tenant, "default", "--subject", "a"], key);

        Assert.Equal((0, 0, 0, 0), (made.Code, used.Code, list.Code, revoked.Code));
        Assert.Matches($@"{id}\s+ratelimit audit:read\s+\S+\s+-\s+-\s+api", list.Output);
        Assert.DoesNotContain(key, list.All + revoked.All + refused.All, StringComparison.Ordinal);
        Assert.Equal(1, refused.Code);
        Assert.Contains("401 unauthenticated, request ", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("set GATEHOUSE_KEY or --key-file", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewKey_AsText_HasTheKeyAndItsEnd()
    {
        var tenant = await host.Host.NewTenantAsync();

        var run = await host.RunAsync(
            ["tenant", "key", "new", tenant, "--scope", "ratelimit", "--expires", "2999-01-31T00:00:00Z"]);

        Assert.Matches(@"not shown again\)\s+gh_", run.Output);
        Assert.Matches(@"expires\s+2999-01-31T00:00:00.000Z", run.Output);
    }

    [Fact]
    public async Task IdempotencyKey_GivenTwice_MakesOneKey()
    {
        var tenant = await host.Host.NewTenantAsync();
        string[] args = ["tenant", "key", "new", tenant, "--scope", "ratelimit", "--idempotency-key", "once", "--json"];

        var first = await host.RunAsync(args);
        var again = await host.RunAsync(args);

        Assert.Equal((0, 1), (first.Code, again.Code));
        Assert.Equal("idempotency_answer_not_kept", again.Json.GetProperty("code").GetString());
        var list = await host.RunAsync(["tenant", "key", "list", tenant, "--json"]);
        Assert.Equal(1, list.Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Refusal_NamesTheRuleTheCodeAndTheRequest()
    {
        var tenant = await host.Host.NewTenantAsync();

        var rule = await host.RunAsync(["tenant", "key", "new", tenant, "--scope", "everything", "--json"]);
        var missing = await host.RunAsync(["tenant", "show", "nobody"]);
        var notAdmin = await host.RunAsync(["tenant", "show", tenant], await host.Host.NewKeyAsync(tenant));

        Assert.Equal((1, 1, 1), (rule.Code, missing.Code, notAdmin.Code));
        Assert.Matches(@"^refused: scopes\S* .+ \(400 invalid_request, request \S+\)\n$", rule.Errors);
        Assert.Equal("invalid_request", rule.Json.GetProperty("code").GetString());
        Assert.Equal(400, rule.Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(rule.Json.GetProperty("requestId").GetString()!);
        Assert.Contains("(404 tenant_not_found, request ", missing.Errors, StringComparison.Ordinal);
        Assert.EndsWith("to the admin key\n", notAdmin.Errors, StringComparison.Ordinal);
    }
}
