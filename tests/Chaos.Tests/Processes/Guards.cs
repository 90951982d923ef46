using System.Diagnostics.Metrics;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Guards of stores as a silo has them, for tests that use a store without one.</summary>
internal static class Guards
{
    /// <summary>Where what stores are asked is counted.</summary>
    public static StorageMetrics Metrics => new(Meters());

    public static StoreGuard New(string store, OverloadOptions? options = null, FailureRules? rules = null)
    {
        var (chosen, metrics) = (options ?? new OverloadOptions(), new OverloadMetrics(Meters()));
        var circuit = new CircuitBreaker(
            store, chosen.Circuit, metrics, TimeProvider.System, NullLogger<CircuitBreaker>.Instance);
        return new StoreGuard(
            store, new StoreGate(store, chosen, metrics, TimeProvider.System, rules), circuit, chosen, metrics,
            TimeProvider.System, new Standstill(TimeProvider.System), rules);
    }

    private static IMeterFactory Meters() =>
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
}
