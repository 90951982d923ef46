using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Gatehouse.Silo.Health;

/// <summary>
/// Looks at every dependency now, for an operator who asks. Who asks meanwhile gets the same answer: however many ask,
/// a store is asked once.
/// </summary>
internal sealed class DependencyReport(
    IEnumerable<IDependencyCheck> checks, IOptions<HealthOptions> options, TimeProvider time)
{
    /// <summary>Marks a check that makes this process unready.</summary>
    private static readonly string[] UnreadyTag = ["unready-on"];

    private readonly IDependencyCheck[] _checks = [.. checks];
    private readonly Lock _lock = new();
    private Task<HealthReport>? _running;

    public Task<HealthReport> RunAsync()
    {
        lock (_lock)
        {
            return _running is { IsCompleted: false } running ? running : _running = LookAsync();
        }
    }

    private async Task<HealthReport> LookAsync()
    {
        // Others wait for the lock.
        await Task.Yield();
        var began = time.GetTimestamp();
        var runs = await CheckRun.RunAllAsync(_checks, time);
        return new HealthReport(
            runs.ToDictionary(run => run.Check.Name, Entry), time.GetElapsedTime(began));
    }

    private HealthReportEntry Entry(CheckRun run) => new(
        run.Result.Outcome is CheckOutcome.Good ? HealthStatus.Healthy : run.Check.FailureStatus,
        run.Result.Description, run.Duration, exception: null, run.Result.Data,
        options.Value.UnreadyOn.Contains(run.Check.Name) ? UnreadyTag : []);
}
