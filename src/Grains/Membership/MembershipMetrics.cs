using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.Membership;

namespace Gatehouse.Grains.Membership;

/// <summary>Whether the membership table is intact, as this silo finds it.</summary>
internal sealed class MembershipMetrics
{
    public const string MeterName = "Gatehouse.Membership";

    private readonly Counter<long> _failures;
    private readonly Counter<long> _standstills;
    private volatile TableVerdict _verdict = TableVerdict.Unknown;

    public MembershipMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("gatehouse.membership.lost", () => _verdict is TableVerdict.Lost ? 1 : 0,
            description: "1 while the membership table does not name this silo: a second cluster can form beside it.");
        _failures = meter.CreateCounter<long>(
            "gatehouse.membership.read.failures", description: "Failed reads of the membership table.");
        _standstills = meter.CreateCounter<long>("gatehouse.membership.standstills",
            description: "Times that this process stood still for so long that it may have been declared dead.");
    }

    public void StoodStill() => _standstills.Add(1);

    public void Judged(TableVerdict verdict)
    {
        // A table that cannot be read now is not known to be back.
        if (verdict is not TableVerdict.Unknown || _verdict is not TableVerdict.Lost)
        {
            _verdict = verdict;
        }

        if (verdict is TableVerdict.Unknown)
        {
            _failures.Add(1);
        }
    }
}
