using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>How much the limiter remembers, and how long it waits for what it forgot.</summary>
internal sealed class RateLimitingOptions
{
    /// <summary>
    /// Subjects that one silo tracks at the same time, at up to 4 KiB each. Above it, subjects that are not tracked yet
    /// share one bucket per policy. Default: 250,000.
    /// </summary>
    [Range(1, 100_000_000, ErrorMessage = "Gatehouse:RateLimiting:TrackedSubjectsMax must be between 1 and 100000000.")]
    public int TrackedSubjectsMax { get; set; } = 250_000;

    /// <summary>
    /// How long the first call of a subject waits for its stored counts before they are unknown. Default: 500 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10",
        ErrorMessage = "Gatehouse:RateLimiting:LoadTimeout must be between 00:00:00.010 and 00:00:10.")]
    public TimeSpan LoadTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long a call waits for the store where it takes more than is reserved and one chunk. A store that takes
    /// longer is not waited for again until it answers. Default: 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:01",
        ErrorMessage = "Gatehouse:RateLimiting:ReservationWait must be between 00:00:00.001 and 00:00:01.")]
    public TimeSpan ReservationWait { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the runtime leaves an idle subject in memory by itself.</summary>
    public static readonly TimeSpan IdleMin = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A subject stays in memory for a minute after its last call, and where its window is longer than two, for one
    /// window, at most this long; its counts are kept in the store after that. Default: 10 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00",
        ErrorMessage = "Gatehouse:RateLimiting:IdleMax must be between 00:01:00 and 1.00:00:00.")]
    public TimeSpan IdleMax { get; set; } = TimeSpan.FromMinutes(10);
}
