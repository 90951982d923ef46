using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Changes;

/// <summary>
/// Two real processes on one real Redis: what one of them remembers as refused is let in within a second of the answer
/// that the other gave to a reset, a refund or a change of the policy, whatever happens to the channel between them.
/// </summary>
public sealed partial class DeniedProcessTests(DeniedProcesses processes) : IClassFixture<DeniedProcesses>
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RedisServer _redis = processes.Redis;
    private readonly GatehouseProcess _here = processes.Here;
    private readonly GatehouseProcess _there = processes.There;
    private readonly string _tenant = $"t{Guid.NewGuid():n}";

    [Fact]
    public async Task ResetHere_IsSeenThereWithinASecond()
    {
        await PutPolicyAsync(limit: 1);
        await RememberThereAsync("a");

        await ExpectSeenThereAsync("a", since: await ActHereAsync("reset", """{"subject":"a"}"""));
    }

    [Fact]
    public async Task PolicyChangedHere_IsSeenThereWithinASecond()
    {
        await PutPolicyAsync(limit: 1);
        await RememberThereAsync("a");

        await PutPolicyAsync(limit: 2);

        await ExpectSeenThereAsync("a", since: TimeProvider.System.GetTimestamp());
    }

    [Fact]
    public async Task ResetHere_WhileEveryListenerIsCutOff_IsSeenThereWithinASecond()
    {
        await PutPolicyAsync(limit: 1);
        await using var admin = await _redis.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            await RememberThereAsync("a");
            await admin.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");

            await ExpectSeenThereAsync("a", since: await ActHereAsync("reset", """{"subject":"a"}"""));
        }
    }

    [Fact]
    public async Task RefundHere_WhileTheStoreIsStopped_IsSeenThereWithinASecond()
    {
        await PutPolicyAsync(limit: 1);
        await RememberThereAsync("a");
        await _redis.PauseAsync();

        // A reset needs the store, and is not acknowledged without it; a refund is.
        await ExpectSeenThereAsync("a", since: await ActHereAsync("refund", """{"subject":"a","cost":1}"""));
        await _redis.ContinueAsync();
    }

    /// <summary>Spends the subject's limit, and calls there until it is refused from memory.</summary>
    private async Task RememberThereAsync(string subject)
    {
        await _here.CheckAsync(_tenant, "p", subject);
        var before = await RepeatedThereAsync();
        using var end = new CancellationTokenSource(Patience);
        while (await RepeatedThereAsync() == before)
        {
            var (status, _) = await _there.CheckAsync(_tenant, "p", subject);
            Assert.True(status == 429, $"{status}: {_there.Output}");
            await Task.Delay(50, end.Token);
        }
    }

    private async Task<long> RepeatedThereAsync()
    {
        var metrics = await _there.Client.GetStringAsync("/metrics");
        return long.Parse(Repeated().Match(metrics).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Answers when the change was acknowledged.</summary>
    private async Task<long> ActHereAsync(string action, string body)
    {
        var (status, answer) = await _here.SendAsync(
            HttpMethod.Post, $"/v1/tenants/{_tenant}/rate-limits/p/{action}", body);
        var acknowledgedAt = TimeProvider.System.GetTimestamp();
        Assert.True(status == 200, $"{status} {JsonSerializer.Serialize(answer)}");
        return acknowledgedAt;
    }

    private async Task PutPolicyAsync(int limit)
    {
        await _here.PutTenantAsync(_tenant);
        var (status, _) = await _here.PutPolicyAsync(
            _tenant, "p", $$"""{"limit":{{limit}},"window":"01:00:00","coldStart":{"duration":"00:00:00"} }""");
        Assert.True(status is 200 or 201, $"{status}: {_here.Output}");
    }

    /// <summary>No call that is made there more than a second later is refused.</summary>
    private async Task ExpectSeenThereAsync(string subject, long since)
    {
        while (true)
        {
            var madeAfter = TimeProvider.System.GetElapsedTime(since);
            var (status, answer) = await _there.CheckAsync(_tenant, "p", subject);
            if (status == 200)
            {
                return;
            }

            Assert.True(madeAfter < SeenWithin, $"refused after {madeAfter}: {status} {JsonSerializer.Serialize(answer)}");
        }
    }

    [GeneratedRegex(@"(?m)^gatehouse_ratelimit_denied_repeated_total\S* (\d+)")]
    private static partial Regex Repeated();
}

/// <summary>The two processes and their Redis; each test has a tenant of its own.</summary>
public sealed class DeniedProcesses : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    internal RedisServer Redis { get; private set; } = null!;

    internal GatehouseProcess Here { get; private set; } = null!;

    internal GatehouseProcess There { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        var settings = new Dictionary<string, string>(Redis.Settings)
        {
            ["Gatehouse:Topology"] = "CoHosted",
            ["Gatehouse:Silo:Port"] = "0",
            ["Gatehouse:Silo:GatewayPort"] = "0",
        };
        Here = await GatehouseProcess.StartAsync(_folder.Path, settings);
        There = await GatehouseProcess.StartAsync(_folder.Path, settings);
    }

    public async ValueTask DisposeAsync()
    {
        await There.DisposeAsync();
        await Here.DisposeAsync();
        await Redis.DisposeAsync();
        _folder.Dispose();
    }
}
