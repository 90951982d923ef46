namespace Gatehouse.Grains.Resilience;

/// <summary>What a circuit breaker lets through.</summary>
internal enum CircuitPhase
{
    None = 0,

    /// <summary>Everything.</summary>
    Closed = 1,

    /// <summary>Nothing, until its time is up.</summary>
    Open = 2,

    /// <summary>A few probes.</summary>
    HalfOpen = 3,
}

/// <summary>How a call ended, as far as its dependency is concerned.</summary>
internal enum CallResult
{
    None = 0,

    /// <summary>The dependency answered, whatever it said.</summary>
    Succeeded = 1,

    /// <summary>It is down or overloaded.</summary>
    Failed = 2,

    /// <summary>It says nothing about the dependency: the caller gave up, or did not get as far.</summary>
    Neutral = 3,
}

/// <summary>What a call was admitted with, to be given back once, with its result.</summary>
/// <param name="Generation">Between two transitions; 0: not admitted.</param>
/// <param name="Probe">Which probe it is, from 1; 0: none.</param>
internal readonly record struct CircuitPermit(long Generation, int Probe)
{
    public bool IsAdmitted => Generation != 0;
}

/// <summary>When a circuit opens, and for how long.</summary>
/// <param name="FailuresMax">So many failures in a row open it.</param>
/// <param name="FailureRatio">And so does this share of a window's calls, if there were enough of them.</param>
/// <param name="CallsMin">Fewer calls say nothing about a ratio.</param>
/// <param name="WindowMs">How long a call counts for the ratio.</param>
/// <param name="OpenMs">How long the first opening lasts; each that follows without closing, twice as long.</param>
/// <param name="OpenMaxMs">But not longer than this. Both before the jitter of a fifth up or down.</param>
/// <param name="ProbeMs">A probe that was not heard of for so long has failed.</param>
internal sealed record CircuitSettings(
    int FailuresMax, double FailureRatio, int CallsMin, long WindowMs, long OpenMs, long OpenMaxMs, long ProbeMs);

/// <summary>The deadlines of the probes on their way; 0 is a free place.</summary>
internal readonly record struct ProbeDeadlines(long First, long Second, long Third)
{
    /// <summary>The last moment that one of them can take.</summary>
    public long Last => Math.Max(First, Math.Max(Second, Third));

    /// <summary>Of a probe by its number, from 1.</summary>
    public long this[int probe] => probe switch
    {
        1 => First,
        2 => Second,
        _ => Third,
    };

    public ProbeDeadlines With(int probe, long deadline) => probe switch
    {
        1 => this with { First = deadline },
        2 => this with { Second = deadline },
        _ => this with { Third = deadline },
    };

    public bool HasPassed(long nowMs) => IsPast(First, nowMs) || IsPast(Second, nowMs) || IsPast(Third, nowMs);

    private static bool IsPast(long deadline, long nowMs) => deadline != 0 && nowMs >= deadline;
}

/// <summary>A circuit between two calls.</summary>
internal readonly record struct CircuitState
{
    public required CircuitPhase Phase { get; init; }

    /// <summary>Grows with every transition, so that a result can be told to be of an earlier one.</summary>
    public required long Generation { get; init; }

    /// <summary>Where the next draw of jitter comes from.</summary>
    public required ulong Draws { get; init; }

    /// <summary>How often it opened since it was last closed.</summary>
    public int Openings { get; init; }

    /// <summary>Closed only.</summary>
    public int FailuresInARow { get; init; }

    /// <summary>Closed only.</summary>
    public CallWindow Window { get; init; }

    /// <summary>Open only.</summary>
    public long OpenUntilMs { get; init; }

    /// <summary>Half open only.</summary>
    public int Successes { get; init; }

    /// <summary>Half open only.</summary>
    public ProbeDeadlines Probes { get; init; }

    /// <summary>A closed one.</summary>
    /// <param name="seed">Another one in each process: breakers that open together shall not close so.</param>
    public static CircuitState New(ulong seed) => new() { Phase = CircuitPhase.Closed, Generation = 1, Draws = seed };
}

/// <summary>The calls of the last window, in two halves: the older one leaves as a whole.</summary>
internal readonly record struct CallWindow(long StartMs, int Calls, int Failed, int CallsBefore, int FailedBefore)
{
    public CallWindow Add(long nowMs, long windowMs, bool hasFailed)
    {
        var half = Math.Max(1, windowMs / 2);
        var now = (nowMs - StartMs) switch
        {
            var age when age < half => this,
            var age when age < windowMs => new CallWindow(StartMs + half, 0, 0, Calls, Failed),
            _ => new CallWindow(nowMs, 0, 0, 0, 0),
        };
        return now with { Calls = now.Calls + 1, Failed = now.Failed + (hasFailed ? 1 : 0) };
    }

    public bool IsAbove(double ratio, int callsMin) =>
        Calls + CallsBefore >= callsMin && Failed + FailedBefore >= ratio * (Calls + CallsBefore);
}
