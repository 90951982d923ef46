using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Changes;

/// <summary>What became of announcements, and whether this process hears them.</summary>
internal sealed class ChangeMetrics
{
    public const string MeterName = "Gatehouse.Changes";

    private readonly Counter<long> _failures;
    private readonly Counter<long> _missed;

    public ChangeMetrics(IMeterFactory meters, ChangeFeed feed, TimeProvider time)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>("gatehouse.changes.failures",
            description: "Calls of the change channel that failed, by operation; announcements are sent again.");
        _missed = meter.CreateCounter<long>("gatehouse.changes.missed",
            description: "Times that announcements may have been missed, so that all that was remembered was dropped.");
        meter.CreateObservableGauge("gatehouse.changes.current", () => time.GetTimestamp() < feed.CurrentUntil ? 1 : 0,
            description: "Whether this process hears of changes in time; 0: it remembers no refusals meanwhile.");
    }

    public void Failed(string operation) =>
        _failures.Add(1, new KeyValuePair<string, object?>("operation", operation));

    public void Missed() => _missed.Add(1);
}
