namespace Gatehouse.Benchmarks.Scale;

/// <summary>The fullest window of a subject, beside what the guarantees allow in it.</summary>
internal readonly record struct Fullest(long Units, long Allowed, bool IsBroken)
{
    public Fullest Or(Fullest other) => (other.IsBroken, other.Units).CompareTo((IsBroken, Units)) > 0 ? other : this;
}

/// <summary>Holds a history against the bounds of docs/guarantees.md.</summary>
internal static class Judge
{
    /// <summary>One region: the limit, and one chunk for each crash in the window.</summary>
    public static Fullest InOneRegion(SubjectHistory history, ScaleCase scaleCase)
    {
        var worst = default(Fullest);
        for (var region = 0; region < history.AdmittedIn.Length; region++)
        {
            var crashes = history.Crashes.Where(crash => crash.Region == region).Select(crash => crash.At).ToList();
            worst = worst.Or(Worst(history.AdmittedIn[region], crashes, scaleCase.Limit, scaleCase.Chunk));
        }

        return worst;
    }

    /// <summary>
    /// All regions: the global limit, what each other region that calls admits between two of its exchanges, and what
    /// the fair share of one that was cut off is above its free one. Only regions that call can add anything.
    /// </summary>
    public static Fullest InAllRegions(SubjectHistory history, ScaleCase scaleCase)
    {
        var share = scaleCase.Share;
        var bound = share.Limit + ((scaleCase.CalledIn - 1) * history.MostInOneExchange(scaleCase.SyncInterval))
            + (history.CutOff.Count * Math.Max(0, share.Fair - share.Free));
        var admitted = history.Admitted.Select(entry => entry.At).ToList();
        return Worst(admitted, history.Crashes.Select(crash => crash.At).ToList(), bound, scaleCase.Chunk);
    }

    private static Fullest Worst(List<long> admitted, List<long> crashes, long bound, long chunk)
    {
        var worst = default(Fullest);
        var (first, firstCrash, lastCrash) = (0, 0, 0);
        for (var last = 0; last < admitted.Count; last++)
        {
            var start = admitted[last] - ScaleCase.Window.Ticks;
            while (admitted[first] <= start)
            {
                first++;
            }

            while (lastCrash < crashes.Count && crashes[lastCrash] <= admitted[last])
            {
                lastCrash++;
            }

            while (firstCrash < lastCrash && crashes[firstCrash] <= start)
            {
                firstCrash++;
            }

            var (units, allowed) = (last - first + 1, bound + ((lastCrash - firstCrash) * chunk));
            worst = worst.Or(new Fullest(units, allowed, units > allowed));
        }

        return worst;
    }
}
