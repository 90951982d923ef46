namespace Gatehouse.Benchmarks.Scale;

/// <summary>What happened to one subject in all regions, to be judged when all is over.</summary>
internal sealed class SubjectHistory(int regions)
{
    /// <summary>Admissions of all regions, in the order of time.</summary>
    public List<(long At, int Region)> Admitted { get; } = [];

    public List<(long At, int Region)> Crashes { get; } = [];

    /// <summary>The same by region, for what one of them admits between two exchanges.</summary>
    public List<long>[] AdmittedIn { get; } = Enumerable.Range(0, regions).Select(_ => new List<long>()).ToArray();

    public List<Exchange>[] Exchanges { get; } = Enumerable.Range(0, regions).Select(_ => new List<Exchange>()).ToArray();

    /// <summary>Regions that admitted while they could not reach the global store.</summary>
    public HashSet<int> CutOff { get; } = [];

    public void Admit(long at, int region)
    {
        Admitted.Add((at, region));
        AdmittedIn[region].Add(at);
    }

    /// <summary>
    /// The most that one region admits from asking for an exchange until the next one is answered, and never longer
    /// than two intervals: then it no longer believes what it was told.
    /// </summary>
    public long MostInOneExchange(TimeSpan interval) => Exchanges.Index()
        .Max(entry => MostInOneExchange(AdmittedIn[entry.Index], entry.Item, interval));

    private static long MostInOneExchange(List<long> admitted, List<Exchange> exchanges, TimeSpan interval)
    {
        var answered = exchanges.Where(exchange => exchange.AnsweredAt > 0).ToList();
        var most = 0L;
        for (var i = 0; i < answered.Count; i++)
        {
            var end = answered[i].AskedAt + (2 * interval.Ticks);
            end = i + 1 < answered.Count ? Math.Min(end, answered[i + 1].AnsweredAt) : end;
            var until = admitted.BinarySearch(end);
            // Admissions of the very same tick are those at the end: all of them belong to this exchange.
            until = until < 0 ? ~until : admitted.FindLastIndex(at => at == end) + 1;
            most = Math.Max(most, until - answered[i].AdmittedBefore);
        }

        return most;
    }
}

/// <summary>One exchange of a region's counts with the global store.</summary>
internal sealed class Exchange
{
    public required long AskedAt { get; init; }

    public required int AdmittedBefore { get; init; }

    /// <summary>0: not answered.</summary>
    public long AnsweredAt { get; set; }
}
