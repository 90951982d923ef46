namespace Gatehouse.Grains.Regions;

/// <summary>Which region this process serves.</summary>
internal sealed class RegionOptions
{
    /// <summary>The region's name, also the Orleans cluster id. Default: local.</summary>
    public string Region { get; set; } = "local";
}
