using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>A host of its own, whose clock goes forward at will and which tells what it answered from memory.</summary>
public sealed partial class DeniedHost : IAsyncLifetime
{
    private static readonly TimeSpan RepeatedWithin = TimeSpan.FromSeconds(20);

    private readonly ForwardClock _clock = new();

    public TestHost Host { get; private set; } = null!;

    private long RepeatedCount => Host.App.Services.GetRequiredService<DenyCacheMetrics>().RepeatedCount;

    public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync(
        configure: builder => builder.Services.AddSingleton<TimeProvider>(_clock));

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A tenant with that policy, known to the host for long enough to be sure that every silo knows it.</summary>
    public async Task<(string Tenant, string Key)> NewAsync(string policy)
    {
        var tenant = await Host.NewTenantAsync();
        Assert.Equal(201, (await Host.PutPolicyAsync(tenant, policy)).Status);
        var key = await Host.NewKeyAsync(tenant);
        Forward(TenantDirectory.StaleMax);
        return (tenant, key);
    }

    public void Forward(TimeSpan time) => _clock.Forward(time);

    /// <summary>Calls, and says whether the host answered from memory.</summary>
    public async Task<(Answer Answer, bool IsRepeated)> CheckAsync(string tenant, string key, string body)
    {
        var before = RepeatedCount;
        return (await Host.CheckAsync(tenant, key, body, "p"), RepeatedCount > before);
    }

    /// <summary>
    /// Calls until the host answers from memory: after its clock went forward it first has to hear the channel again.
    /// </summary>
    public async Task<Answer> RepeatedAsync(string tenant, string key, string body)
    {
        using var end = new CancellationTokenSource(RepeatedWithin);
        while (true)
        {
            var (answer, isRepeated) = await CheckAsync(tenant, key, body);
            Assert.Equal(429, answer.Status);
            if (isRepeated)
            {
                return answer;
            }

            await Task.Delay(20, end.Token);
        }
    }

    /// <summary>The sum over all series of a counter that carry a tag.</summary>
    public async Task<long> CounterAsync(string name, string tag)
    {
        var page = await Host.SendAsync(HttpMethod.Get, "/metrics", key: null);
        return page.Text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(tag, StringComparison.Ordinal))
            .Sum(line => long.Parse(Value().Match(line).Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"\} (\d+)")]
    private static partial Regex Value();
}
