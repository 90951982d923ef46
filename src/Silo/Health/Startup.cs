using Microsoft.Extensions.Logging;

namespace Gatehouse.Silo.Health;

/// <summary>What has to be done once before this process counts as started.</summary>
internal interface IStartupStep
{
    /// <summary>Does it. Throws when it could not; it is tried again.</summary>
    Task RunAsync();
}

/// <summary>Whether this process has started. Once it has, nothing takes that back.</summary>
internal sealed partial class Startup(
    IClusterPresence cluster, IEnumerable<IStartupStep> steps, TimeProvider time, ILogger<Startup> logger)
{
    private static readonly TimeSpan StepMax = TimeSpan.FromSeconds(2);

    private readonly Queue<IStartupStep> _left = new(steps);
    private volatile bool _isDone;
    private bool _isFailureLogged;

    public bool IsDone => _isDone;

    /// <summary>Goes on with what is left to do. For one caller at a time.</summary>
    public async Task AdvanceAsync()
    {
        while (_left.TryPeek(out var step))
        {
            try
            {
                await step.RunAsync().WaitAsync(StepMax, time);
            }
#pragma warning disable CA1031 // Whatever it was, the next sample tries again; until then this process has not started.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                if (!_isFailureLogged)
                {
                    _isFailureLogged = true;
                    LogWaits(failure);
                }

                return;
            }

            _left.Dequeue();
        }

        _isDone |= cluster.HasJoined;
    }

    [LoggerMessage(1503, LogLevel.Warning, "The start waits for the regional store, which is asked again and again")]
    private partial void LogWaits(Exception failure);
}
