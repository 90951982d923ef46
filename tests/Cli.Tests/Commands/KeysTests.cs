using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Cli.Tests.Fixtures;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary><c>gatehouse keys</c>, against a real host.</summary>
public class KeysTests(CommandHost host)
{
    [Fact]
    public async Task Keys_FromTheFirstToTheRevoked_AreShown()
    {
        var tenant = await host.Host.NewTenantAsync();
        var key = await host.Host.NewKeyAsync(tenant, "\"keys\"");

        var rotated = await host.RunAsync(["keys", "rotate", tenant, "--algorithm", "Ed25519", "--json"], key);
        var emergency = await host.RunAsync(
            ["keys", "rotate", tenant, "--emergency", "--reason", "laptop stolen", "--yes", "--json"], key);
        var revoked = await host.RunAsync(
            ["keys", "revoke", tenant, emergency.Json.GetProperty("version").GetString()!, "--reason", "a test", "--yes"], key);
        var list = await host.RunAsync(["keys", "list", tenant], key);
        var shown = await host.RunAsync(["keys", "show", tenant, "v1", "--json"], key);

        Assert.Equal((0, 0, 0, 0, 0), (rotated.Code, emergency.Code, revoked.Code, list.Code, shown.Code));
        Assert.Equal("Ed25519", rotated.Json.GetProperty("algorithm").GetString());
        Assert.Matches(@"status\s+revoked\n", revoked.Output);
        Assert.Matches(@"reason\s+a test\n", revoked.Output);
        Assert.StartsWith("VERSION", list.Output, StringComparison.Ordinal);
        Assert.Contains("laptop stolen", list.Output, StringComparison.Ordinal);
        Assert.Equal("v1", shown.Json.GetProperty("jwk").GetProperty("kid").GetString());
    }

    [Theory]
    [InlineData("revoke", "v1")]
    [InlineData("rotate", "--emergency")]
    public async Task Change_ThatCannotBeUndone_IsNotMadeUnasked(string command, string argument)
    {
        var tenant = await host.Host.NewTenantAsync();
        await host.Host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/keys/sign", TestHost.AdminKey, """{"data":"AA=="}""");

        var unasked = await host.RunAsync(["keys", command, tenant, argument]);
        var denied = await host.RunAsync(["keys", command, tenant, argument], answers: "no");

        Assert.Equal((2, 1), (unasked.Code, denied.Code));
        Assert.Contains("--yes is required where nobody can be asked", unasked.Errors, StringComparison.Ordinal);
        Assert.Contains("not confirmed; nothing was done", denied.Errors, StringComparison.Ordinal);
        var list = await host.RunAsync(["keys", "list", tenant, "--json"]);
        Assert.Equal("active", Assert.Single(list.Json.GetProperty("items").EnumerateArray()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Version_ThatIsNot_IsRefused()
    {
        var tenant = await host.Host.NewTenantAsync();

        var shown = await host.RunAsync(["keys", "show", tenant, "v7"]);
        var revoked = await host.RunAsync(["keys", "revoke", tenant, "v7", "--yes", "--json"]);

        Assert.Equal((1, 1), (shown.Code, revoked.Code));
        Assert.Equal($"tenant {tenant} has no key version v7\n", shown.Errors);
        Assert.Equal("key_version_not_found", revoked.Json.GetProperty("code").GetString());
    }
}
