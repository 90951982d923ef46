using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Auditing;

/// <summary>Settings of the audit chains, section <c>Gatehouse:Audit</c>.</summary>
internal sealed class AuditOptions
{
    /// <summary>
    /// Events of one tenant that may wait for the store at the same time; more are refused with 429. Default: 10,000.
    /// </summary>
    [Range(1_000, 1_000_000, ErrorMessage = "Gatehouse:Audit:QueueMax must be between 1000 and 1000000.")]
    public int QueueMax { get; set; } = 10_000;
}
