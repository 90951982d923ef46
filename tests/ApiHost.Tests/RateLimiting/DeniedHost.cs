using System.Diagnostics.Metrics;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>A host of its own, whose clock goes forward at will and which tells what it answered from memory.</summary>
public sealed class DeniedHost : IAsyncLifetime
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

    /// <summary>Tells of every decision of this host, and of no other in this process, that refused for the limit.</summary>
    public MeterListener ListenToRefusals(Action<long> refused)
    {
        var meters = Host.App.Services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "gatehouse.ratelimit.decisions" && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (tag is { Key: "reason", Value: "over_limit" })
                {
                    refused(count);
                }
            }
        });
        listener.Start();
        return listener;
    }
}
