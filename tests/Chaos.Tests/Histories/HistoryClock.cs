namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>
/// The one clock of a history: monotonic, and close to the time since the Unix epoch, because some limits are aligned
/// to it.
/// </summary>
internal sealed class HistoryClock
{
    private readonly TimeSpan _epoch = TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch;
    private readonly long _origin = TimeProvider.System.GetTimestamp();

    public TimeSpan Now => _epoch + TimeProvider.System.GetElapsedTime(_origin);
}
