using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Regions;

/// <summary>Which region this process serves.</summary>
internal sealed class RegionOptions
{
    /// <summary>The region's name, also the Orleans cluster id. Default: local.</summary>
    [Required, RegularExpression("^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$", ErrorMessage =
        "Gatehouse:Region must be 1 to 64 of a-z, 0-9 and '-', starting and ending with a letter or digit.")]
    public string Region { get; set; } = "local";
}
