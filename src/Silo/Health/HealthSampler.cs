using Microsoft.Extensions.Logging;

namespace Gatehouse.Silo.Health;

/// <summary>Looks at every dependency and keeps what <see cref="CheckState"/> makes of it.</summary>
internal sealed partial class HealthSampler(
    IEnumerable<IDependencyCheck> checks, Startup startup, TimeProvider time, ILogger<HealthSampler> logger)
{
    private readonly Entry[] _entries = [.. checks.Select(check => new Entry(check))];

    /// <summary>The verdict on each dependency; null while there is none.</summary>
    public IEnumerable<(string Name, bool? IsGood)> Verdicts =>
        _entries.Select(entry => (entry.Check.Name, entry.State.IsGood));

    /// <summary>One look at each. For one caller at a time.</summary>
    public async Task SampleAsync()
    {
        await Task.WhenAll(_entries.Select(SampleAsync));
        await startup.AdvanceAsync();
    }

    private async Task SampleAsync(Entry entry)
    {
        var (before, run) = (entry.State, await CheckRun.RunAsync(entry.Check, time));
        entry.State = before.After(run.Result.Outcome);
        if (entry.State.IsGood is false && before.IsGood is not false)
        {
            LogTurnedBad(entry.Check.Name, run.Result.Description, run.Result.Failure);
        }
        else if (entry.State.IsGood is true && before.IsGood is false)
        {
            LogTurnedGood(entry.Check.Name);
        }
    }

    [LoggerMessage(1501, LogLevel.Warning, "Health check {Check} fails: {Description}")]
    private partial void LogTurnedBad(string check, string? description, Exception? failure);

    [LoggerMessage(1502, LogLevel.Warning, "Health check {Check} is good again")]
    private partial void LogTurnedGood(string check);

    private sealed class Entry(IDependencyCheck check)
    {
        private volatile CheckState _state = CheckState.Unknown;

        public IDependencyCheck Check => check;

        public CheckState State
        {
            get => _state;
            set => _state = value;
        }
    }
}
