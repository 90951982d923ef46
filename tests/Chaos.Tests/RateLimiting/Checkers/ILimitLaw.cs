using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>
/// What an algorithm promises. A call happened at some moment between its start and its end, so every answer here is
/// the worst case over all those moments.
/// </summary>
internal interface ILimitLaw
{
    /// <summary>
    /// The most that may be admitted in an interval, both ends included; null when nothing is promised of it, nor of
    /// a longer one with the same start.
    /// </summary>
    long? AdmittedMax(Limit limit, TimeSpan from, TimeSpan to);

    /// <summary>How long what happened to the counts may be seen in later answers.</summary>
    TimeSpan RemembersMax(Limit limit);

    /// <summary>What a fault may take from a subject because its counts are known less well, or drain more slowly.</summary>
    long WithheldMax(Limit limit, Fault fault);

    /// <summary>The least that counts when <paramref name="call"/> is decided.</summary>
    /// <param name="limit">The policy.</param>
    /// <param name="admitted">Calls of the same subject that were certainly admitted, in the order of their start.</param>
    /// <param name="call">The call that is decided.</param>
    long UsedMin(Limit limit, IReadOnlyList<LimitCall> admitted, LimitCall call);

    /// <summary>The most that may count when <paramref name="call"/> is decided.</summary>
    /// <param name="limit">The policy.</param>
    /// <param name="counted">Calls of the same subject that may count, in the order of their start.</param>
    /// <param name="call">The call that is decided.</param>
    /// <param name="moved">Whether counts may have moved, and with that stay as long as a reservation does.</param>
    long UsedMax(Limit limit, IReadOnlyList<LimitCall> counted, LimitCall call, bool moved);
}
