namespace Gatehouse.Grains.Resilience;

/// <summary>
/// A circuit breaker. Unlike most it needs several successes in a row to close, takes no notice of late results, and
/// cannot hang half open. Times are milliseconds of a clock that only goes forward.
/// </summary>
internal static class Circuit
{
    /// <summary>As many probes are let through half open, and as many successes close it.</summary>
    public const int ProbesMax = 3;

    private const double Jitter = 0.2;

    /// <summary>Lets a call through, or not.</summary>
    public static (CircuitState Next, CircuitPermit Permit) Admit(
        in CircuitState state, CircuitSettings settings, long nowMs)
    {
        var current = Watch(state, settings, nowMs);
        if (current.Phase is CircuitPhase.Closed)
        {
            return (current, new CircuitPermit(current.Generation, 0));
        }

        if (current.Phase is CircuitPhase.Open)
        {
            if (nowMs < current.OpenUntilMs)
            {
                return (current, default);
            }

            current = Changed(current, CircuitPhase.HalfOpen);
        }

        var probe = FreeProbe(current);
        if (probe == 0)
        {
            return (current, default);
        }

        var probes = current.Probes.With(probe, nowMs + settings.ProbeMs);
        return (current with { Probes = probes }, new CircuitPermit(current.Generation, probe));
    }

    /// <summary>
    /// Takes note of how a call ended. A result of an earlier generation says nothing about this one.
    /// </summary>
    public static CircuitState Report(
        in CircuitState state, CircuitSettings settings, CircuitPermit permit, CallResult result, long nowMs)
    {
        var current = Watch(state, settings, nowMs);
        return permit.Generation != current.Generation ? current
            : current.Phase is CircuitPhase.Closed ? CountClosed(current, settings, result, nowMs)
            : current.Phase is CircuitPhase.HalfOpen ? CountProbe(current, settings, permit, result, nowMs)
            : current;
    }

    /// <summary>
    /// How long a call that was not admitted should wait. Half open it waits for the probes' verdict, which no probe
    /// can hold up longer than its deadline.
    /// </summary>
    public static long RetryAfterMs(in CircuitState state, long nowMs) => state.Phase switch
    {
        CircuitPhase.Open => Math.Max(0, state.OpenUntilMs - nowMs),
        CircuitPhase.HalfOpen => Math.Max(0, state.Probes.Last - nowMs),
        _ => 0,
    };

    /// <summary>
    /// A probe that is not heard of has failed. Nobody has to look for that at a certain time: it matters to the next
    /// call only.
    /// </summary>
    private static CircuitState Watch(in CircuitState state, CircuitSettings settings, long nowMs) =>
        state.Phase is CircuitPhase.HalfOpen && state.Probes.HasPassed(nowMs)
            ? Opened(state, settings, nowMs)
            : state;

    private static CircuitState CountClosed(
        in CircuitState state, CircuitSettings settings, CallResult result, long nowMs)
    {
        if (result is not (CallResult.Succeeded or CallResult.Failed))
        {
            return state;
        }

        var hasFailed = result is CallResult.Failed;
        var next = state with
        {
            FailuresInARow = hasFailed ? state.FailuresInARow + 1 : 0,
            Window = state.Window.Add(nowMs, settings.WindowMs, hasFailed),
        };
        var opens = next.FailuresInARow >= settings.FailuresMax
            || next.Window.IsAbove(settings.FailureRatio, settings.CallsMin);
        return hasFailed && opens ? Opened(next, settings, nowMs) : next;
    }

    private static CircuitState CountProbe(
        in CircuitState state, CircuitSettings settings, CircuitPermit permit, CallResult result, long nowMs)
    {
        if (permit.Probe is < 1 or > ProbesMax || state.Probes[permit.Probe] == 0)
        {
            return state;
        }

        if (result is CallResult.Failed)
        {
            return Opened(state, settings, nowMs);
        }

        var successes = state.Successes + (result is CallResult.Succeeded ? 1 : 0);
        return successes >= ProbesMax
            ? Changed(state, CircuitPhase.Closed) with { Openings = 0 }
            : state with { Probes = state.Probes.With(permit.Probe, 0), Successes = successes };
    }

    /// <summary>A free place, if one more probe can still be of use; 0: none.</summary>
    private static int FreeProbe(in CircuitState state)
    {
        var (free, onTheirWay) = (0, 0);
        for (var i = ProbesMax; i >= 1; i--)
        {
            if (state.Probes[i] == 0)
            {
                free = i;
            }
            else
            {
                onTheirWay++;
            }
        }

        return onTheirWay + state.Successes < ProbesMax ? free : 0;
    }

    private static CircuitState Opened(in CircuitState state, CircuitSettings settings, long nowMs)
    {
        // Past the cap there is nothing left to double.
        var longest = settings.OpenMs * (double)(1L << Math.Min(state.Openings, 30));
        // A step of SplitMix64 (Steele, Lea, Flood 2014): enough for jitter, and the same again for the same seed.
        var draws = unchecked(state.Draws + 0x9E3779B97F4A7C15);
        var mixed = unchecked((draws ^ (draws >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        var share = ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
        var jittered = Math.Min(longest, settings.OpenMaxMs) * (1 - Jitter + (2 * Jitter * share));
        return Changed(state, CircuitPhase.Open) with
        {
            Draws = draws,
            Openings = state.Openings + 1,
            OpenUntilMs = nowMs + Math.Max(1, (long)jittered),
        };
    }

    /// <summary>Nothing that was counted outlives a transition.</summary>
    private static CircuitState Changed(in CircuitState state, CircuitPhase phase) => new()
    {
        Phase = phase,
        Generation = state.Generation + 1,
        Draws = state.Draws,
        Openings = state.Openings,
    };
}
