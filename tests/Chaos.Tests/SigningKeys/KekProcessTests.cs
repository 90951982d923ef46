using System.Security.Cryptography;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.SigningKeys;

/// <summary>The key-encryption key of real processes: missing, wrong, changed, and not needed by a client of silos.</summary>
public class KekProcessTests
{
    private const string Setting = "Gatehouse:SigningKeys:Kek";

    [Fact]
    public async Task Start_WithoutOne_EndsAndSaysWhatToDo()
    {
        using var folder = new TempFolder();

        var (exitCode, output) = await GatehouseProcess.RunToEndAsync(folder.Path, new() { [Setting] = "" });

        Assert.Equal(1, exitCode);
        Assert.Contains("Gatehouse did not start: Gatehouse:SigningKeys:Kek", output, StringComparison.Ordinal);
        Assert.Contains("openssl rand -base64 32", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithOneThatDoesNotOpenTheStoredRings_EndsAndNamesTheSetting()
    {
        using var folder = new TempFolder();
        await using (var first = await GatehouseProcess.StartAsync(folder.Path))
        {
            await first.PutTenantAsync("acme");
            await first.SignAsync("acme", "hello");
            Assert.Equal(0, await first.StopAsync());
        }

        var (exitCode, output) = await GatehouseProcess.RunToEndAsync(folder.Path, new() { [Setting] = Random() });

        Assert.Equal(1, exitCode);
        Assert.Contains($"{Setting} does not open 1 of the 1 stored key rings", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ByTheRunbook_LosesNoKey()
    {
        using var folder = new TempFolder();
        var (old, fresh) = (Random(), Random());
        SignedData signed;
        await using (var first = await GatehouseProcess.StartAsync(folder.Path, new() { [Setting] = old }))
        {
            await first.PutTenantAsync("acme");
            signed = await first.SignAsync("acme", "hello");
            Assert.Equal(0, await first.StopAsync());
        }

        await using (var both = await GatehouseProcess.StartAsync(
            folder.Path, new() { [Setting] = fresh, ["Gatehouse:SigningKeys:PreviousKek"] = old }))
        {
            var (status, report) = await both.SendAsync(HttpMethod.Post, "/v1/keys/rewrap", "{}");
            Assert.Equal((200, 1), (status, report.GetProperty("rewrapped").GetInt32()));
            Assert.Equal(0, report.GetProperty("remaining").GetInt32());
            Assert.Equal(0, await both.StopAsync());
        }

        await using var alone = await GatehouseProcess.StartAsync(folder.Path, new() { [Setting] = fresh });
        Assert.Equal((true, "active"), await alone.VerifyAsync("acme", signed));
        Assert.Equal("v1", (await alone.SignAsync("acme", "again")).Version);
    }

    [Fact]
    public async Task Client_OfSilos_SignsWithoutOne()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var settings = new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:Topology"] = "Client",
        };
        await using var silo = await GatehouseProcess.StartSiloAsync(folder.Path, settings);
        await using var host = await GatehouseProcess.StartAsync(folder.Path, new(settings) { [Setting] = "" });
        await host.PutTenantAsync("acme");

        var signed = await host.SignAsync("acme", "hello");

        Assert.Equal((true, "active"), await host.VerifyAsync("acme", signed));
    }

    private static string Random() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
}
