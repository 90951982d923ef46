using System.Diagnostics.Metrics;

namespace Gatehouse.Benchmarks;

/// <summary>Counts the calls that grains decided: all decisions but those that were answered from memory.</summary>
internal sealed class GrainDecisions : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _decisions;
    private long _repeated;

    public GrainDecisions()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name is "gatehouse.ratelimit.decisions" or "gatehouse.ratelimit.denied.repeated")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            if (instrument.IsObservable)
            {
                Volatile.Write(ref _repeated, value);
            }
            else
            {
                Interlocked.Add(ref _decisions, value);
            }
        });
        _listener.Start();
    }

    public long Count
    {
        get
        {
            _listener.RecordObservableInstruments();
            return Volatile.Read(ref _decisions) - Volatile.Read(ref _repeated);
        }
    }

    public void Dispose() => _listener.Dispose();
}
