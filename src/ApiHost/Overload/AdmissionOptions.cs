using System.ComponentModel.DataAnnotations;

namespace Gatehouse.ApiHost.Overload;

/// <summary>How much this host works on at the same time; each class of routes for itself.</summary>
internal sealed class AdmissionOptions
{
    /// <summary>Checks at the same time, at most; the limit in force adapts below it. Default: 2,048.</summary>
    [Range(1, 100_000, ErrorMessage = "Gatehouse:Overload:ChecksMax must be between 1 and 100000.")]
    public int ChecksMax { get; set; } = 2048;

    /// <summary>The same for requests that change nothing. Default: 512.</summary>
    [Range(1, 100_000, ErrorMessage = "Gatehouse:Overload:ReadsMax must be between 1 and 100000.")]
    public int ReadsMax { get; set; } = 512;

    /// <summary>The same for changes. Default: 256.</summary>
    [Range(1, 100_000, ErrorMessage = "Gatehouse:Overload:WritesMax must be between 1 and 100000.")]
    public int WritesMax { get; set; } = 256;

    /// <summary>The same for exports. Default: 16.</summary>
    [Range(1, 100_000, ErrorMessage = "Gatehouse:Overload:ExportsMax must be between 1 and 100000.")]
    public int ExportsMax { get; set; } = 16;

    /// <summary>Requests of one class that wait for their turn. Default: 256; 0: none waits.</summary>
    [Range(0, 100_000, ErrorMessage = "Gatehouse:Overload:RequestQueueMax must be between 0 and 100000.")]
    public int RequestQueueMax { get; set; } = 256;

    /// <summary>How long they wait. Default: 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:05",
        ErrorMessage = "Gatehouse:Overload:RequestQueueWait must be between 00:00:00.001 and 00:00:05.")]
    public TimeSpan RequestQueueWait { get; set; } = TimeSpan.FromMilliseconds(100);

    public int MaxOf(RouteClass route) => route switch
    {
        RouteClass.Check => ChecksMax,
        RouteClass.Read => ReadsMax,
        RouteClass.Write => WritesMax,
        _ => ExportsMax,
    };
}
