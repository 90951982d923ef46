using CsCheck;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Checkers;

namespace Gatehouse.Chaos.Tests.RateLimiting.CheckerTests;

/// <summary>Random histories of correct limiters: several subjects, slow answers, lost answers, crashes.</summary>
internal static class LimitHistoryGen
{
    private static readonly Gen<Limit> Limits =
        from law in Gen.OneOf(LimitLaws.All.ToArray())
        from units in Gen.OneOf(Gen.Int[1, 5], Gen.Int[10, 40])
        from window in Gen.OneOf(1_000, 1_001, 5_000, 60_000)
        select new Limit("p", law, units, TimeSpan.FromMilliseconds(window));

    private sealed record Step(string Subject, int Gap, int Before, int After, int Cost, int Fate, int Missed, int Reserved);

    public static Gen<History<LimitCall>> Correct(bool withCrashes) =>
        from limit in Limits
        from offset in Gen.Int[0, 100_000]
        from steps in Steps(limit).Array[1, 80]
        select Play(limit, TimeSpan.FromDays(20_000) + TimeSpan.FromMilliseconds(offset), steps, withCrashes);

    private static Gen<Step> Steps(Limit limit)
    {
        var window = (int)limit.Window.TotalMilliseconds;
        return from subject in Gen.OneOf("a", "a", "a", "b")
               from gap in Gen.Frequency(
                   (4, Gen.Int[0, 3]), (3, Gen.Int[0, window / limit.Units]), (1, Gen.Int[0, 2 * window]))
               from before in Gen.Int[0, 20]
               from after in Gen.Int[0, 20]
               from cost in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[1, limit.Units]))
               from fate in Gen.Int[0, 99]
               from missed in Gen.Int[0, limit.Chunk]
               from reserved in Gen.Int[0, 2 * limit.Chunk]
               select new Step(subject, gap, before, after, cost, fate, missed, reserved);
    }

    private static History<LimitCall> Play(Limit limit, TimeSpan start, Step[] steps, bool withCrashes)
    {
        var (now, calls, faults) = (start, new List<LimitCall>(), new List<Fault>());
        var models = new Dictionary<string, ModelLimiter> { ["a"] = new(limit), ["b"] = new(limit) };
        foreach (var step in steps)
        {
            now += TimeSpan.FromMilliseconds(step.Gap);
            var (before, after) = (TimeSpan.FromMilliseconds(step.Before), TimeSpan.FromMilliseconds(step.After));
            if (withCrashes && step.Fate == 0)
            {
                faults.Add(Crash(now - before, now + after));
                foreach (var model in models.Values)
                {
                    model.Crash(now, step.Missed, step.Reserved);
                }
            }

            calls.Add(Call(limit, step, models[step.Subject], now) with { Start = now - before, End = now + after });
        }

        return History<LimitCall>.Of(calls, [.. faults, Disturbance(start, now)]);
    }

    private static LimitCall Call(Limit limit, Step step, ModelLimiter model, TimeSpan now)
    {
        var call = new LimitCall
        {
            Limit = limit,
            Subject = step.Subject,
            Cost = step.Cost,
            Start = now,
            End = now,
            Outcome = CallOutcome.Overloaded,
            Answer = new LimitAnswer(429) { IsNotApplied = true },
        };
        if (step.Fate is 1 or 2)
        {
            return call;
        }

        var (isAdmitted, remaining) = model.Acquire(step.Cost, now);
        return step.Fate is 3 or 4 ? call with { Outcome = CallOutcome.Unknown, Answer = null } : call with
        {
            Outcome = isAdmitted ? CallOutcome.Admitted : CallOutcome.Refused,
            Answer = new LimitAnswer(isAdmitted ? 200 : 429) { EffectiveLimit = limit.Units, Remaining = remaining },
        };
    }

    private static Fault Crash(TimeSpan from, TimeSpan to) =>
        new("crash", from, to) { ChunksOver = 1, ChunksUnder = 2, Moves = true };

    /// <summary>Costs no bound anything, but explains lost and overloaded answers.</summary>
    private static Fault Disturbance(TimeSpan from, TimeSpan to) =>
        new("disturbance", from - TimeSpan.FromSeconds(1), to + TimeSpan.FromSeconds(1));
}
