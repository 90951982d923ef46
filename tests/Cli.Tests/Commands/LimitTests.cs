using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Cli.Tests.Fixtures;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary><c>gatehouse limit</c>, against a real host.</summary>
public class LimitTests(CommandHost host)
{
    private const string Policy = """
        {"limit":4,"window":"00:01:00","coldStart":{"duration":"00:00:00"},"allow":["192.0.2.0/24"],"deny":["198.51.100.0/24"],
         "overrides":[{"cidr":"203.0.113.0/24","limit":9},{"cidr":"203.0.113.128/25","limit":7,"window":"00:00:30"},
         {"subject":"alice","limit":2}]}
        """;

    [Fact]
    public async Task Check_EndsWithZeroUntilItIsRefused()
    {
        var tenant = await TenantAsync();

        var first = await host.RunAsync(["limit", "check", tenant, "p", "--subject", "alice", "--cost", "2"]);
        var second = await host.RunAsync(["limit", "check", tenant, "p", "--subject", "alice", "--json"]);
        var other = await host.RunAsync(["limit", "check", tenant, "p", "--ip", "::ffff:10.0.0.1", "--json"]);

        Assert.Equal((0, 1, 0), (first.Code, second.Code, other.Code));
        Assert.Matches(@"allowed\s+true\n", first.Output);
        Assert.Matches(@"remaining\s+0\n", first.Output);
        Assert.False(second.Json.GetProperty("allowed").GetBoolean());
        Assert.Equal("over_limit", second.Json.GetProperty("reason").GetString());
        Assert.Equal("", second.Errors);
        Assert.Equal(3, other.Json.GetProperty("remaining").GetInt32());
    }

    [Theory]
    [InlineData("192.0.2.7", "allowed by 192.0.2.0/24: admitted and not counted", "none of 3 fits", "admitted, allow_listed")]
    [InlineData("198.51.100.7", "denied by 198.51.100.0/24: refused", "none of 3 fits", "refused, deny_listed")]
    [InlineData("203.0.113.200", "in none of 1 allowed", "7 per 00:00:30, the longest network that fits: 203.0.113.128/25",
        "admitted, within_limit")]
    [InlineData("203.0.113.1", "in none of 1 allowed", "9 per 00:01:00, the longest network that fits: 203.0.113.0/24",
        "admitted, within_limit")]
    [InlineData("alice", "for addresses only", "2 per 00:01:00, for this name", "admitted, within_limit")]
    public async Task Explain_SaysWhatAppliesAsTheServerDecides(string subject, string list, string fits, string now)
    {
        var tenant = await TenantAsync();

        var run = await host.RunAsync(["limit", "explain", tenant, "p", subject]);

        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.Contains(list, run.Output, StringComparison.Ordinal);
        Assert.Matches($@"override\s+{System.Text.RegularExpressions.Regex.Escape(fits)}\n", run.Output);
        Assert.Matches($@"now\s+{now}\n", run.Output);
        Assert.Contains("this policy has no cold start", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_CountsNothing()
    {
        var tenant = await TenantAsync();

        for (var i = 0; i < 5; i++)
        {
            var run = await host.RunAsync(["limit", "explain", tenant, "p", "alice", "--json"]);
            Assert.Equal(2, run.Json.GetProperty("decision").GetProperty("remaining").GetInt32());
        }
    }

    [Fact]
    public async Task Explain_InAYoungRegion_SaysTheColdFactor()
    {
        var tenant = await host.Host.NewTenantAsync();

        var run = await host.RunAsync(["limit", "explain", tenant, "default", "2001:db8::1"]);
        var named = await host.RunAsync(["limit", "explain", tenant, "default", "--subject", "10.0.0.1", "--json"]);

        Assert.Contains("the address 2001:db8::1, counted as 2001:db8::/64", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"region\s+local, 00:\S+ old, cold for 00:0\S+ more: x0\.5: 50\n", run.Output);
        Assert.Matches(@"effective\s+50 of 100, cold\n", run.Output);
        Assert.Equal(
            "the name '10.0.0.1'", named.Json.GetProperty("explanation").GetProperty("subject").GetString());
    }

    [Fact]
    public async Task Explain_WithoutASubject_ShowsThePolicy()
    {
        var tenant = await TenantAsync();

        var run = await host.RunAsync(["limit", "explain", tenant, "p", "--json"]);

        Assert.Equal(4, run.Json.GetProperty("policy").GetProperty("limit").GetInt32());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("decision").ValueKind);
        Assert.Equal("local", run.Json.GetProperty("region").GetProperty("region").GetString());
    }

    [Theory]
    [InlineData(2, "--ip or --subject is required", "check", "t", "p")]
    [InlineData(2, "only one subject can be named", "check", "t", "p", "--ip", "10.0.0.1", "--subject", "a")]
    [InlineData(2, "only one subject can be named", "explain", "t", "p", "a", "--subject", "a")]
    [InlineData(2, "--ip must be an IPv4 or IPv6 address", "check", "t", "p", "--ip", "10.0.0")]
    [InlineData(1, "404 tenant_not_found", "check", "nobody", "p", "--ip", "10.0.0.1")]
    [InlineData(1, "404 tenant_not_found", "explain", "nobody", "p")]
    [InlineData(1, "cost must be between 0 and 1000000000 (400", "check", "{t}", "default", "--subject", "a", "--cost", "-1")]
    public async Task Call_ThatIsWrong_SaysTheRule(int code, string said, params string[] args)
    {
        var tenant = args[1] == "{t}" ? await host.Host.NewTenantAsync() : args[1];

        var run = await host.RunAsync(["limit", args[0], tenant, .. args[2..]]);

        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    private async Task<string> TenantAsync()
    {
        var tenant = await host.Host.NewTenantAsync();
        var put = await host.Host.PutPolicyAsync(tenant, Policy);
        Assert.True(put.Status == 201, put.Text);
        return tenant;
    }
}
