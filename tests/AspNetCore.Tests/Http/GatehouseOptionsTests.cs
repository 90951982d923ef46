using Gatehouse.AspNetCore.Http;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>Settings are bound, and checked at start with their names.</summary>
public class GatehouseOptionsTests
{
    [Theory]
    [InlineData("Tenant", "")]
    [InlineData("Tenant", "Acme")]
    [InlineData("ApiKey", "")]
    [InlineData("ApiKey", "a-secret with a space")]
    [InlineData("ApiKey", "a-secret-and-the-end-of-its-file\n")]
    [InlineData("Url", "localhost")]
    [InlineData("Url", "ftp://gatehouse")]
    [InlineData("Url", "http://user:a-secret@gatehouse")]
    [InlineData("AuditQueueMax", "0")]
    [InlineData("Check:AttemptTimeout", "00:00:00")]
    [InlineData("Append:AttemptsMax", "0")]
    [InlineData("Step:TotalTimeout", "1.00:00:00")]
    public async Task Start_WithASettingThatBreaksARule_NamesIt_AndNotItsValue(string setting, string value)
    {
        using var host = Host(setting, value);

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith($"Gatehouse:{setting} must ", Assert.Single(failure.Failures), StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_AreThoseOfTheSection()
    {
        using var host = Host("Check:AttemptTimeout", "00:00:00.250");

        var options = host.Services.GetRequiredService<IOptions<GatehouseOptions>>().Value;

        Assert.Equal(("acme", TestService.Key, "https://gatehouse.example/a/"), (
            options.Tenant, options.ApiKey, options.Url.ToString()));
        Assert.Equal((TimeSpan.FromMilliseconds(250), 1, 10_000), (
            options.Check.AttemptTimeout, options.Check.AttemptsMax, options.AuditQueueMax));
    }

    [Fact]
    public async Task Key_ThatChanges_IsUsedFromThenOn()
    {
        var gatehouse = new FakeGatehouse().Then(500, "");
        using var host = Host("Check:AttemptsMax", "1", services =>
            services.AddHttpClient("Gatehouse").ConfigurePrimaryHttpMessageHandler(gatehouse.NewHandler));
        var client = host.Services.GetRequiredService<GatehouseClient>();
        var configuration = (IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>();

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => client.CheckAsync("p", "s"));
        configuration["Gatehouse:ApiKey"] = "gh_acme.k2_another";
        configuration.Reload();
        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => client.CheckAsync("p", "s"));

        Assert.Equal(
            [$"Bearer {TestService.Key}", "Bearer gh_acme.k2_another"],
            gatehouse.Requests.Select(request => request.Headers["Authorization"]));
    }

    [Fact]
    public async Task Address_WithAPath_KeepsIt()
    {
        var gatehouse = new FakeGatehouse().Then(500, "");
        await using var service = TestService.With(
            gatehouse, configure: options => options.Url = new Uri("https://gatehouse.example/a"));

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => service.Client.CheckAsync("p", "s"));

        Assert.Equal("/a/v1/tenants/acme/rate-limits/p/check", Assert.Single(gatehouse.Requests).Path);
    }

    private static IHost Host(string setting, string value, Action<IServiceCollection>? configure = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gatehouse:Url"] = "https://gatehouse.example/a/",
            ["Gatehouse:Tenant"] = "acme",
            ["Gatehouse:ApiKey"] = TestService.Key,
        });
        builder.Configuration.AddInMemoryCollection([new($"Gatehouse:{setting}", value)]);
        builder.Services.AddGatehouse();
        configure?.Invoke(builder.Services);
        return builder.Build();
    }
}
