using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Gatehouse.Silo;

/// <summary>What holds for every process unless its operator says otherwise, wherever it is started.</summary>
public static class ProcessDefaults
{
    /// <summary>
    /// Adds the defaults of the file beside this one, below everything else. A file in the working directory, which
    /// is where hosts look for theirs, would be missed by whoever starts the program from another one.
    /// </summary>
    public static void AddGatehouseDefaults(this ConfigurationManager configuration)
    {
        using var file = typeof(ProcessDefaults).Assembly.GetManifestResourceStream("appsettings.json")!;
        var defaults = new ConfigurationBuilder().AddJsonStream(file).Build().AsEnumerable();
        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = defaults });
    }
}
