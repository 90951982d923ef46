namespace Gatehouse.Grains.RateLimiting;

internal sealed partial class RateLimitGrain
{
    // The subject is a caller's address or name: it is counted, not logged.
    [LoggerMessage(1001, LogLevel.Debug,
        "The counts of a subject could not be read; its policy says what holds for one window")]
    private partial void LogLoadFailed(Exception failure);

    [LoggerMessage(1002, LogLevel.Warning, "The counts of a subject could not be saved when it left memory")]
    private partial void LogSaveFailed(Exception failure);
}
