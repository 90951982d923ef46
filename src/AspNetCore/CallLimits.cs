namespace Gatehouse.AspNetCore;

/// <summary>
/// How long and how often a call of Gatehouse is tried. Between two attempts passes what Gatehouse asks for
/// (<c>Retry-After</c>), else a back-off from 0.2 s on; a wait that does not fit into the total time is not begun.
/// </summary>
public sealed class CallLimits
{
    /// <summary>How long one attempt may take. 10 ms to an hour.</summary>
    public TimeSpan AttemptTimeout { get; set; }

    /// <summary>How often the call is tried at most, the first time included. 1: not repeated. 1 to 100.</summary>
    public int AttemptsMax { get; set; }

    /// <summary>How long all attempts and the waits between them may take together. 10 ms to an hour.</summary>
    public TimeSpan TotalTimeout { get; set; }

    internal static CallLimits Of(double attemptSeconds, int attempts, double totalSeconds) => new()
    {
        AttemptTimeout = TimeSpan.FromSeconds(attemptSeconds),
        AttemptsMax = attempts,
        TotalTimeout = TimeSpan.FromSeconds(totalSeconds),
    };
}
