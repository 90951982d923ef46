using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Resilience;

/// <summary>What this process asks of its stores, what they refuse, and what it refuses to ask.</summary>
internal sealed class OverloadMetrics
{
    public const string MeterName = "Gatehouse.Overload";

    // By default the buckets are of milliseconds, and all of these would be in the first one.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private readonly ConcurrentDictionary<string, Pool> _pools = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CircuitPhase> _circuits = new(StringComparer.Ordinal);
    private readonly Counter<long> _poolTimeouts;
    private readonly Histogram<double> _poolWaits;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _unclassified;
    private readonly Counter<long> _transitions;
    private readonly Counter<long> _rejections;
    private readonly Histogram<double> _openDurations;

    public OverloadMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("gatehouse.redis.pool.size", () => Read(pool => pool.Size()),
            description: "Commands that may be on their way to a store at the same time.");
        meter.CreateObservableGauge("gatehouse.redis.pool.used", () => Read(pool => pool.Used()),
            description: "Commands on their way to a store.");
        meter.CreateObservableGauge("gatehouse.redis.pool.waiting", () => Read(pool => pool.Waiting()),
            description: "Commands that wait for a place.");
        _poolTimeouts = meter.CreateCounter<long>("gatehouse.redis.pool.timeouts",
            description: "Commands that found no place: refused unsent, by reason.");
        _poolWaits = meter.CreateHistogram<double>("gatehouse.redis.pool.wait", "s",
            "How long commands waited for a place that they got.", tags: null, Seconds);
        _failures = meter.CreateCounter<long>("gatehouse.redis.failures",
            description: "Commands that a store did not do, by reason.");
        _unclassified = meter.CreateCounter<long>("gatehouse.redis.unclassified",
            description: "Failures of a store that this version does not know; they are answered as overload.");
        meter.CreateObservableGauge("gatehouse.circuit.state", ReadCircuits,
            description: "Of the circuit to a store: 0 closed, 1 half open, 2 open.");
        _transitions = meter.CreateCounter<long>("gatehouse.circuit.transitions",
            description: "Changes of the circuit to a store.");
        _rejections = meter.CreateCounter<long>("gatehouse.circuit.rejections",
            description: "Commands that were not sent because the circuit was open.");
        _openDurations = meter.CreateHistogram<double>("gatehouse.circuit.open.duration", "s",
            "From when a circuit opened until it closed.", tags: null, Seconds);
    }

    public void Watch(string store, Func<int> size, Func<int> used, Func<int> waiting) =>
        _pools[store] = new Pool(size, used, waiting);

    /// <summary>Stores on one server share a circuit, so there may be fewer of these than of pools.</summary>
    public void WatchCircuit(string store) => _circuits[store] = CircuitPhase.Closed;

    public void PoolTimedOut(string store, string reason) => _poolTimeouts.Add(1, Store(store), new("reason", reason));

    public void PoolWaited(string store, TimeSpan time) => _poolWaits.Record(time.TotalSeconds, Store(store));

    public void StoreFailed(string store, string reason)
    {
        _failures.Add(1, Store(store), new("reason", reason));
        if (reason == StoreFailure.Unclassified)
        {
            _unclassified.Add(1, Store(store));
        }
    }

    public void CircuitRejected(string store) => _rejections.Add(1, Store(store));

    public void CircuitIs(string store, CircuitPhase phase) => _circuits[store] = phase;

    public void CircuitChanged(string store, CircuitPhase from, CircuitPhase to) =>
        _transitions.Add(1, Store(store), new("from", Word(from)), new("to", Word(to)));

    public void CircuitWasOpen(string store, TimeSpan time) =>
        _openDurations.Record(time.TotalSeconds, Store(store));

    private static KeyValuePair<string, object?> Store(string store) => new("store", store);

    private static string Word(CircuitPhase phase) => phase switch
    {
        CircuitPhase.Closed => "closed",
        CircuitPhase.HalfOpen => "half_open",
        _ => "open",
    };

    private IEnumerable<Measurement<int>> Read(Func<Pool, int> value) =>
        _pools.Select(pool => new Measurement<int>(value(pool.Value), Store(pool.Key)));

    private IEnumerable<Measurement<int>> ReadCircuits() => _circuits.Select(circuit => new Measurement<int>(
        circuit.Value switch
        {
            CircuitPhase.Closed => 0,
            CircuitPhase.HalfOpen => 1,
            _ => 2,
        },
        Store(circuit.Key)));

    private sealed record Pool(Func<int> Size, Func<int> Used, Func<int> Waiting);
}
