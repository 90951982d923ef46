using System.ComponentModel.DataAnnotations;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>How much a host remembers of what was refused, section <c>Gatehouse:RateLimiting</c>.</summary>
internal sealed class DenyCacheOptions
{
    /// <summary>
    /// Refused subjects that one host remembers, at up to 1 KiB each. Above it some are asked of their grain again.
    /// Default: 100,000; 0 switches it off.
    /// </summary>
    [Range(0, 10_000_000, ErrorMessage = "Gatehouse:RateLimiting:DeniedSubjectsMax must be between 0 and 10000000.")]
    public int DeniedSubjectsMax { get; set; } = 100_000;
}
