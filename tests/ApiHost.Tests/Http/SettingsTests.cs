using Gatehouse.ApiHost.Hosting;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>A wrong setting stops the start and says which; files declare tenants that the API cannot change.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-settings-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Gatehouse:Topology", "Somewhere")]
    [InlineData("Gatehouse:Region", "Not A Region")]
    [InlineData("Gatehouse:Auth:AdminKey", "too short")]
    [InlineData("Gatehouse:Auth:AdminKey", "gh_looks-like-an-api-key-but-is-none")]
    [InlineData("Gatehouse:Silo:Port", "70000")]
    [InlineData("Gatehouse:Silo:GatewayPort", "-1")]
    [InlineData("Gatehouse:Silo:AdvertisedAddress", "a name")]
    [InlineData("Gatehouse:Redis:ConnectionString", "127.0.0.1:1,nonsense=1")]
    [InlineData("Gatehouse:Redis:MembershipConnectionString", "127.0.0.1:1")]
    [InlineData("Gatehouse:Redis:StateConnectionString", "allowAdmin=true")]
    [InlineData("Gatehouse:Http:ConnectionsMax", "0")]
    [InlineData("Gatehouse:Http:ClientRequestsPerSecond", "-1")]
    [InlineData("Gatehouse:Http:FailedAuthenticationCost", "0")]
    [InlineData("Gatehouse:Http:TrustedProxies:0", "10.0.0.0/8")]
    [InlineData("Gatehouse:RateLimiting:TrackedSubjectsMax", "0")]
    [InlineData("Gatehouse:RateLimiting:DeniedSubjectsMax", "-1")]
    [InlineData("Gatehouse:RateLimiting:LoadTimeout", "01:00:00")]
    [InlineData("Gatehouse:RateLimiting:IdleMax", "00:00:01")]
    [InlineData("Gatehouse:Tenants:Path", "/no/such/file.json")]
    [InlineData("Gatehouse:SigningKeys:Kek", "")]
    [InlineData("Gatehouse:SigningKeys:Kek", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("Gatehouse:SigningKeys:KekFile", "/no/such/file")]
    [InlineData("Gatehouse:SigningKeys:PreviousKek", "c2hvcnQ=")]
    [InlineData("Gatehouse:SigningKeys:Algorithm", "HS256")]
    [InlineData("Gatehouse:SigningKeys:LeaseDuration", "00:00:06")]
    [InlineData("Gatehouse:SigningKeys:PropagationWindow", "00:00:01")]
    [InlineData("Gatehouse:SigningKeys:RotationPeriod", "-00:00:01")]
    [InlineData("Gatehouse:SigningKeys:RevokedVersions:0", "1")]
    public async Task Start_WithAWrongSetting_NamesIt(string setting, string value)
    {
        var name = setting.EndsWith(":0", StringComparison.Ordinal) ? setting[..^2] : setting;

        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync((setting, value)));

        Assert.Contains(name, refusal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Gatehouse:Archive:Provider", "Oracle")]
    [InlineData("Gatehouse:Archive:Provider", "7")]
    [InlineData("Gatehouse:Archive:ConnectionString", "/var/lib/audit.db")]
    [InlineData("Gatehouse:Archive:ConnectionString", "Data Source=:memory:")]
    [InlineData("Gatehouse:Archive:Timeout", "00:02:00")]
    [InlineData("Gatehouse:Archive:InFlightMax", "0")]
    public Task Start_WithAWrongSettingOfTheArchive_NamesIt(string setting, string value) =>
        Start_WithAWrongSetting_NamesIt(setting, value);

    [Theory]
    [InlineData("Gatehouse:Health:UnreadyOn:0", "redis,archive")]
    [InlineData("Gatehouse:Health:UnreadyOn", "redis;archive")]
    [InlineData("Gatehouse:Health:Period", "00:00:00")]
    [InlineData("Gatehouse:Health:ClockSkewMax", "00:00:00")]
    [InlineData("Gatehouse:Admin:Port", "-1")]
    [InlineData("Gatehouse:Admin:Port", "a-word")]
    [InlineData("Gatehouse:Admin:Address", "a-name")]
    public Task Start_WithAWrongSettingForOperators_NamesIt(string setting, string value) =>
        Start_WithAWrongSetting_NamesIt(setting, value);

    [Theory]
    [InlineData("CoHosted")]
    [InlineData("Client")]
    public async Task Start_WithoutTheRedisThatTheTopologyNeeds_NamesTheSetting(string topology)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(("Gatehouse:Topology", topology)));

        Assert.Contains("Gatehouse:Redis:ConnectionString", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sqlite", "")]
    [InlineData("Postgres", "")]
    [InlineData("Postgres", "Username=u;Password=s3cret;Nonsense=1")]
    [InlineData("Postgres", "Host=h;Username=u;Password=s3cret;Nonsense=")]
    public async Task Start_OfASiloWithoutTheArchiveThatAllSilosShare_NamesTheSetting(string provider, string place)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(
            ("Gatehouse:Topology", "CoHosted"), ("Gatehouse:Redis:ConnectionString", "127.0.0.1:1,connectTimeout=1"),
            ("Gatehouse:Archive:Provider", provider), ("Gatehouse:Archive:ConnectionString", place)));

        Assert.Contains("Gatehouse:Archive:ConnectionString", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithForwardedHeadersSwitchedOnForAll_IsRefused()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(("FORWARDEDHEADERS_ENABLED", "true")));

        Assert.Contains("ASPNETCORE_FORWARDEDHEADERS_ENABLED", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeclaredTenant_WorksAndTheApiCannotChangeIt()
    {
        var token = ApiKeyToken.CreateFor("filed.ci");
        var expired = ApiKeyToken.CreateFor("filed.old");
        var path = Write($$"""
            {
              // Comments are welcome in files.
              "tenants": { "filed": {
                "policies": { "login": { "limit": 7, "window": "00:01:00", "coldStart": { "duration": "00:00:00" } } },
                "apiKeys": [
                  { "id": "filed.ci", "secretHash": "{{ApiKeyToken.Hash(token)}}", "scopes": ["ratelimit"] },
                  { "id": "filed.old", "secretHash": "{{ApiKeyToken.Hash(expired)}}", "scopes": ["ratelimit"],
                    "expiresAt": "2020-01-01T00:00:00Z" }
                ] } } }
            """);
        await using var host = await TestHost.StartAsync(new() { ["Gatehouse:Tenants:Path"] = path });
        var login = "/v1/tenants/filed/rate-limits/login";

        var check = await host.CheckAsync("filed", token, """{"subject":"a"}""", "login");
        Assert.Equal((200, 7), (check.Status, check.Json.GetProperty("limit").GetInt32()));
        Assert.Equal(401, (await host.CheckAsync("filed", expired, """{"subject":"a"}""", "login")).Status);
        Assert.Equal("file", (await host.SendAsync(HttpMethod.Get, login, token)).Json.GetProperty("source").GetString());

        foreach (var answer in new[]
        {
            await host.PutPolicyAsync("filed", """{"limit":1,"window":"00:01:00"}""", "login"),
            await host.SendAsync(HttpMethod.Delete, login, token),
            await host.SendAsync(HttpMethod.Delete, "/v1/tenants/filed", TestHost.AdminKey),
            await host.SendAsync(HttpMethod.Delete, "/v1/tenants/filed/api-keys/filed.ci", TestHost.AdminKey),
        })
        {
            Assert.Equal((409, "declared_in_file"), (answer.Status, answer.Code));
        }

        Assert.Equal(201, (await host.PutPolicyAsync("filed", """{"limit":1,"window":"00:01:00"}""", "other")).Status);
    }

    [Theory]
    [InlineData("""{"tenants":{"a":{"policies":{"p":{"limit":0,"window":"00:01:00"}}}}}""", "tenants.a.policies.p.limit")]
    [InlineData("""{"tenants":{"a":{"policies":{"p":{"limit":1,"windw":"00:01:00"}}}}}""", "windw")]
    [InlineData("""{"tenants":{"A":{}}}""", "tenants.A")]
    [InlineData("""{"tenants":{"a":{"apiKeys":[{"id":"b.x","secretHash":"","scopes":[]}]}}}""", "tenants.a.apiKeys[0].id")]
    [InlineData("""{"tenants":""", "$.tenants")]
    [InlineData("null", "$ must not be null")]
    [InlineData("""{"tenants":{"a":null}}""", "tenants.a must not be null")]
    [InlineData("""{"tenants":{"a":{"policies":{"p":null}}}}""", "tenants.a.policies.p must not be null")]
    [InlineData("""{"tenants":{"a":{"apiKeys":[null]}}}""", "tenants.a.apiKeys[0] must not be null")]
    public async Task BrokenFile_StopsTheStart_NamingFileAndField(string content, string field)
    {
        var path = Write(content);

        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(("Gatehouse:Tenants:Path", path)));

        Assert.Contains(path, refusal.ToString(), StringComparison.Ordinal);
        Assert.Contains(field, refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void NewKey_PrintsAKeyAndItsHash()
    {
        using var output = new StringWriter();

        Assert.Equal(0, NewKeyCommand.Run(["new-key", "acme.ci"], output, TextWriter.Null));

        var words = output.ToString().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var token = words.Single(word => word.StartsWith("gh_acme.ci_", StringComparison.Ordinal));
        Assert.Contains(ApiKeyToken.Hash(token), words);
        Assert.Equal(2, NewKeyCommand.Run(["new-key", "nonsense"], TextWriter.Null, TextWriter.Null));
    }

    private string Write(string content)
    {
        var path = Path.Combine(_folder.FullName, "tenants.json");
        File.WriteAllText(path, content);
        return path;
    }

    private async Task StartAsync(params (string Name, string? Value)[] settings)
    {
        await using var app = TestHost.Build(
            _folder.FullName, settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        await app.StartAsync();
        await app.StopAsync();
    }
}
