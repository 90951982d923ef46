using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Chaos.Tests.SigningKeys;

/// <summary>
/// kill -9 at every step of a change, and a Redis that dies in the middle of one: afterwards the ring loads, has exactly one
/// active version, and every signature from before verifies.
/// </summary>
public class RotationCrashTests(ITestOutputHelper log)
{
    private const string Noted = "key-ring.noted";
    private const string Replaced = "key-ring.replaced";
    private const string Committed = "key-ring.committed";
    private const string Announced = "key-ring.announced";

    private static readonly Change Rotate = new("rotate", "{}");
    private static readonly Change Promote = new("v2/promote", """{"force":true}""");
    private static readonly Change Emergency = new("rotate", """{"emergency":true}""");

    private static readonly Case[] Cases =
    [
        new("a", Rotate, Noted), new("b", Rotate, Replaced), new("c", Rotate, Committed), new("d", Rotate, Announced),
        new("e", Promote, Replaced), new("f", Promote, Committed),
        new("g", Emergency, Replaced), new("h", Emergency, Committed),
    ];

    private sealed record Change(string Path, string Body);

    private sealed record Case(string Tenant, Change Change, string Step);

    [Theory]
    [InlineData("redis")]
    [InlineData("embedded")]
    public async Task Process_KilledAtAnyStepOfAnyChange_LeavesASoundRing(string store)
    {
        await using var redis = store == "redis" ? await RedisServer.StartAsync() : null;
        using var folder = new TempFolder();
        var settings = redis?.Settings ?? [];
        // Nothing is promoted by itself: on a slow machine it would meet the failpoint of a process that only starts.
        settings["Gatehouse:SigningKeys:PropagationWindow"] = "01:00:00";

        // The embedded store dies with its process: what was not committed yet may be gone, and was not acknowledged.
        var cases = redis is not null ? Cases : [.. Cases.Where(one => one.Tenant is "b" or "c" or "h")];
        var signatures = await PrepareAsync(folder.Path, settings, cases);
        foreach (var (tenant, change, step) in cases)
        {
            var dying = new Dictionary<string, string>(settings) { [Failpoint.Variable] = step };
            await using var process = await GatehouseProcess.StartAsync(folder.Path, dying);
            await Assert.ThrowsAsync<HttpRequestException>(() => process.KeyAsync(tenant, change.Path, change.Body));
            Assert.Equal(128 + 9, await process.EndedAsync());
        }

        await using var after = await GatehouseProcess.StartAsync(folder.Path, settings);
        foreach (var (tenant, change, step) in cases)
        {
            var versions = await after.VersionsAsync(tenant);
            log.WriteLine($"{change} killed at {step}: {string.Join(", ", versions)}");
            Assert.Single(versions, version => version == "active");
            Assert.InRange(versions.Count, IsCertain(change, step, redis) ? 2 : 1, step == Noted ? 1 : 2);
            Assert.True((await after.VerifyAsync(tenant, signatures[tenant])).IsValid);
            Assert.True((await after.VerifyAsync(tenant, await after.SignAsync(tenant, "after"))).IsValid);
        }
    }

    /// <summary>Tenants whose v1 has signed something.</summary>
    private static async Task<Dictionary<string, SignedData>> PrepareAsync(
        string folder, Dictionary<string, string> settings, Case[] cases)
    {
        var signatures = new Dictionary<string, SignedData>();
        await using var process = await GatehouseProcess.StartAsync(folder, settings);
        foreach (var (tenant, change, _) in cases)
        {
            await process.PutTenantAsync(tenant);
            signatures[tenant] = await process.SignAsync(tenant, "before");
            if (change == Promote)
            {
                await process.KeyAsync(tenant, "rotate", "{}");
            }
        }

        Assert.Equal(0, await process.StopAsync());
        return signatures;
    }

    /// <summary>Whether the second version has to be there.</summary>
    private static bool IsCertain(Change change, string step, RedisServer? redis) =>
        change == Promote || (step != Noted && (step != Replaced || redis is not null));

    [Fact]
    public async Task Redis_KilledInTheMiddleOfRotations_LeavesASoundRing()
    {
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        await using var process = await GatehouseProcess.StartAsync(folder.Path, redis.Settings);
        await process.PutTenantAsync("acme");
        var (before, signatures) = (1, new List<SignedData> { await process.SignAsync("acme", "0") });
        for (var round = 1; round <= 4; round++)
        {
            // One change after the other, dozens a second, so that the store dies in the middle of one.
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var changing = ChangeAsync(process, started);
            await await Task.WhenAny(started.Task, changing);
            // Down until that was noticed: a store that is back at once may have been missed by nobody.
            await redis.KillAsync();
            var (acknowledged, unknown) = await changing;
            await redis.RestartAsync();

            await AnswersAsync(process, "rotate", "{}");
            // The circuit to the store closes behind a few answers only, and the signer has its lease from there.
            await AnswersAsync(process, "sign", """{"data":"AA=="}""");
            var versions = await process.VersionsAsync("acme");
            log.WriteLine($"round {round}: {acknowledged} rotations, {versions.Count} versions");
            Assert.Single(versions, version => version == "active");
            // And the one that showed that the store is back, unless one was pending.
            Assert.InRange(versions.Count - before, acknowledged, acknowledged + unknown + 1);
            before = versions.Count;
            signatures.Add(await process.SignAsync("acme", $"{round}"));
        }

        foreach (var signature in signatures)
        {
            Assert.True((await process.VerifyAsync("acme", signature)).IsValid);
        }
    }

    private static Task AnswersAsync(GatehouseProcess process, string action, string body) => Eventually.HoldsAsync(
        async () => (await process.KeyAsync("acme", action, body)).Status == 200, TimeSpan.FromSeconds(30));

    /// <summary>
    /// Rotates and promotes until a call fails. Answers how many rotations were acknowledged, and how many may have been
    /// done without that.
    /// </summary>
    private static async Task<(int Acknowledged, int Unknown)> ChangeAsync(
        GatehouseProcess process, TaskCompletionSource started)
    {
        for (var acknowledged = 0; ; acknowledged++)
        {
            if (acknowledged == 5)
            {
                started.SetResult();
            }

            var (status, body) = await process.KeyAsync("acme", "rotate", "{}");
            var version = status == 200 ? body.GetProperty("version").GetString() : "";
            var (promoted, answer) = status != 200
                ? (0, body)
                : await process.KeyAsync("acme", $"{version}/promote", """{"force":true}""");
            if (promoted == 200)
            {
                continue;
            }

            Assert.True(429 == (status == 200 ? promoted : status), $"{answer}");
            Assert.True(acknowledged >= 5, $"After {acknowledged}, before the store was killed: {answer}");
            return status == 200 ? (acknowledged + 1, 0)
                : (acknowledged, body.GetProperty("applied").GetString() == "unknown" ? 1 : 0);
        }
    }
}
