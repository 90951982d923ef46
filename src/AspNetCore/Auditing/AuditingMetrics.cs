using System.Diagnostics.Metrics;

namespace Gatehouse.AspNetCore.Auditing;

/// <summary>What becomes of the audit events of this service.</summary>
internal sealed class AuditingMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _unsent;

    public AuditingMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Gatehouse.AspNetCore");
        _sent = _meter.CreateCounter<long>(
            "gatehouse.audit_writer.sent", description: "Audit events that Gatehouse has recorded.");
        _refused = _meter.CreateCounter<long>(
            "gatehouse.audit_writer.refused", description: "Audit events that Gatehouse refused; they are lost.");
        _retried = _meter.CreateCounter<long>(
            "gatehouse.audit_writer.retried", description: "Batches of audit events that have to be sent again.");
        _unsent = _meter.CreateCounter<long>(
            "gatehouse.audit_writer.unsent",
            description: "Audit events that were left when the host stopped; they are lost, or nobody knows.");
    }

    public void Watch(Func<int> length) => _meter.CreateObservableGauge(
        "gatehouse.audit_writer.queue.length", length, description: "Audit events that wait to be sent.");

    public void Sent(int events) => _sent.Add(events);

    public void Refused() => _refused.Add(1);

    public void Retried() => _retried.Add(1);

    public void Unsent(int events) => _unsent.Add(events);
}
