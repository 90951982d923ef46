using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Storage;

/// <summary>What the store refused or did not answer.</summary>
internal sealed class StorageMetrics(IMeterFactory meters)
{
    public const string MeterName = "Gatehouse.Storage";

    private readonly Counter<long> _failures = meters.Create(MeterName).CreateCounter<long>(
        "gatehouse.store.failures", description: "Store calls that failed, by operation.");

    public void Failed(string operation) =>
        _failures.Add(1, new KeyValuePair<string, object?>("operation", operation));
}
