using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Logs and counts every overload answer, wherever it comes from: one line a second, because there can be a hundred
/// thousand. Of a cause only the type is said: Orleans' texts name the grain, and with that a caller.
/// </summary>
internal sealed partial class OverloadLog(HttpMetrics metrics, TimeProvider time, ILogger<OverloadLog> logger)
{
    private readonly LogBudget _budget = new(time);

    public void Answered(string reason, string? cause)
    {
        metrics.Overloaded(reason);
        if (_budget.TryTake(out var skipped))
        {
            LogOverloaded(reason, cause ?? "this host", skipped);
        }
    }

    [LoggerMessage(5001, LogLevel.Warning,
        "Answered 429 service_overloaded: {Reason}, by {Cause}; {Skipped} more since the last such line")]
    private partial void LogOverloaded(string reason, string cause, long skipped);
}
