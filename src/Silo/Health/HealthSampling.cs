using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gatehouse.Silo.Health;

/// <summary>Has the dependencies looked at once a period.</summary>
internal sealed class HealthSampling(
    HealthSampler sampler, Readiness readiness, HealthMetrics metrics, IOptions<HealthOptions> options,
    TimeProvider time) : BackgroundService
{
    /// <summary>Looks as often as verdicts need, so that there are some before the first probe is answered.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var look = 0; look < CheckState.FailuresMax && sampler.Verdicts.Any(one => one.IsGood is null); look++)
        {
            await sampler.SampleAsync();
        }

        metrics.Watch(readiness);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await sampler.SampleAsync();
        }
    }
}
