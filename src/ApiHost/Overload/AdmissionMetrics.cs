using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Gatehouse.ApiHost.Overload;

/// <summary>What this host works on, by class of route. Refusals are counted with all other overload answers.</summary>
internal sealed class AdmissionMetrics
{
    public const string MeterName = "Gatehouse.Admission";

    // By default the buckets are of milliseconds, and all of these would be in the first one.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private readonly ConcurrentDictionary<RouteClass, ClassGate> _gates = new();
    private readonly Histogram<double> _delays;

    public AdmissionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("gatehouse.admission.limit", () => Read(gate => gate.Limit),
            description: "Requests of a class that are worked on at the same time, at most, now.");
        meter.CreateObservableGauge("gatehouse.admission.used", () => Read(gate => gate.InFlight),
            description: "Requests of a class that are being worked on.");
        meter.CreateObservableGauge("gatehouse.admission.waiting", () => Read(gate => gate.Waiting),
            description: "Requests of a class that wait for their turn.");
        _delays = meter.CreateHistogram<double>("gatehouse.threadpool.delay", "s",
            "How long work waited for a thread of this process.", tags: null, Seconds);
    }

    public void Watch(RouteClass route, ClassGate gate) => _gates[route] = gate;

    public void ThreadPoolDelayed(TimeSpan delay) => _delays.Record(delay.TotalSeconds);

    private static string Word(RouteClass route) => route switch
    {
        RouteClass.Check => "check",
        RouteClass.Read => "read",
        RouteClass.Write => "write",
        _ => "export",
    };

    private IEnumerable<Measurement<int>> Read(Func<ClassGate, int> value) => _gates.Select(
        gate => new Measurement<int>(value(gate.Value), new KeyValuePair<string, object?>("class", Word(gate.Key))));
}
