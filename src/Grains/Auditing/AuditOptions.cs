using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Auditing;

/// <summary>Settings of the audit chains, section <c>Gatehouse:Audit</c>.</summary>
internal sealed class AuditOptions
{
    private const string NameRule =
        "Gatehouse:Audit:Deployment must be 1 to 200 of A-Z, a-z, 0-9, '.', '_', '~', '-' and '/'.";

    /// <summary>
    /// Events of one tenant that may wait for the store at the same time; more are refused with 429. Default: 10,000.
    /// </summary>
    [Range(1_000, 1_000_000, ErrorMessage = "Gatehouse:Audit:QueueMax must be between 1000 and 1000000.")]
    public int QueueMax { get; set; } = 10_000;

    /// <summary>
    /// What the names of this deployment's chains begin with: <c>{deployment}/{region}/{tenant}</c>. Best a domain name
    /// of yours. Set it once: a chain that changes its name is another log to those who verify it. Default: gatehouse.
    /// </summary>
    [Required(ErrorMessage = NameRule)]
    [RegularExpression("[A-Za-z0-9._~/-]{1,200}", ErrorMessage = NameRule)]
    public string Deployment { get; set; } = "gatehouse";

    /// <summary>
    /// A checkpoint is signed once so many events have come since the last one. Default: 4,096.
    /// </summary>
    [Range(1, 1_000_000, ErrorMessage = "Gatehouse:Audit:CheckpointEvents must be between 1 and 1000000.")]
    public int CheckpointEvents { get; set; } = 4_096;

    /// <summary>A checkpoint is signed so long after an event at the latest. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00",
        ErrorMessage = "Gatehouse:Audit:CheckpointPeriod must be between 00:00:00.1 and 1.00:00:00.")]
    public TimeSpan CheckpointPeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A checkpoint is signed so often although nothing happens: one that is older says that something is wrong.
    /// Default: 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:02:00", "30.00:00:00",
        ErrorMessage = "Gatehouse:Audit:HeartbeatPeriod must be between 00:02:00 and 30.00:00:00.")]
    public TimeSpan HeartbeatPeriod { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Events of one tenant that may wait for the archive; more are refused with 429. Default: 100,000.
    /// </summary>
    [Range(10_000, 100_000_000, ErrorMessage = "Gatehouse:Audit:TailMax must be between 10000 and 100000000.")]
    public int TailMax { get; set; } = 100_000;

    /// <summary>
    /// How long an event's id is known at least, so that the event is recorded once however often it is sent.
    /// Default: 24 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00",
        ErrorMessage = "Gatehouse:Audit:IdRetention must be between 00:01:00 and 3650.00:00:00.")]
    public TimeSpan IdRetention { get; set; } = TimeSpan.FromHours(24);
}
