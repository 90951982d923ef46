using System.Diagnostics.Metrics;
using System.Reflection;

namespace Gatehouse.Silo;

/// <summary>Which version runs here.</summary>
internal sealed class BuildMetrics
{
    public const string MeterName = "Gatehouse.Build";

    public BuildMetrics(IMeterFactory meters) => meters.Create(MeterName).CreateObservableGauge(
        "gatehouse.build.info",
        static () => new Measurement<int>(1, new KeyValuePair<string, object?>("version", Version)),
        description: "Always 1; the version of this process is its label.");

    /// <summary>The product's version, and the revision it was built of where the build knows it.</summary>
    public static string Version { get; } = typeof(BuildMetrics).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
