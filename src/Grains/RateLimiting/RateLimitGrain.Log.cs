namespace Gatehouse.Grains.RateLimiting;

internal sealed partial class RateLimitGrain
{
    // The subject is a caller's address or name: it is counted, not logged.
    [LoggerMessage(1001, LogLevel.Debug,
        "The counts of a subject could not be read; its policy says what holds for one window")]
    private partial void LogLoadFailed();

    [LoggerMessage(1002, LogLevel.Warning,
        "The exact counts of a subject could not be told to the store when it left memory; what is reserved counts. " +
        "{Skipped} more since the last such line")]
    private partial void LogSaveFailed(long skipped, Exception? failure);
}
