namespace Gatehouse.Benchmarks.Scale;

/// <summary>What a case came to.</summary>
internal sealed record ScaleResult(ScaleCase Case, ScaleCounts Counts, Fullest InOneRegion, Fullest InAllRegions)
{
    public bool IsBroken => InOneRegion.IsBroken || InAllRegions.IsBroken;

    /// <summary>Of what the regions that call could admit; more than all is too much.</summary>
    public double Used => Counts.Admitted / (2.0 * Case.Samples * Case.Usable);

    /// <summary>
    /// So many per second in all regions together, if each has the same number of hot subjects like these. Subjects
    /// share nothing but the stores, so it multiplies.
    /// </summary>
    public double PerSecond(long count) => (double)count / Case.Samples / Case.CalledIn
        / ScaleCase.Duration.TotalSeconds * ScaleCase.HotSubjects * ScaleCase.Regions;

    public double PerAdmitted(long count) => (double)count / Math.Max(1, Counts.Admitted);
}

/// <summary>Plays one case in virtual time.</summary>
internal static class ScaleRun
{
    // Long enough for every region to have heard of the others.
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);

    public static ScaleResult Run(ScaleCase scaleCase, int seed)
    {
        var (time, random, counts) = (new VirtualTime(), new Random(seed), new ScaleCounts());
        var network = new Network(time, random, scaleCase.Loss);
        var regions = Enumerable.Range(0, scaleCase.CalledIn)
            .Select(index => new RegionModel(index, scaleCase, time, network, random)).ToList();
        if (!scaleCase.IsRegional)
        {
            regions.ForEach(region => region.StartBeating());
        }

        time.RunFor(Warmup);
        var histories = Enumerable.Range(0, scaleCase.Samples)
            .Select(_ => StartSubject(scaleCase, regions, counts, time, random)).ToList();
        time.RunFor(ScaleCase.Duration);
        regions.ForEach(region => region.Dispose());
        return new ScaleResult(
            scaleCase,
            counts,
            histories.Select(history => Judge.InOneRegion(history, scaleCase)).Aggregate((a, b) => a.Or(b)),
            scaleCase.IsRegional
                ? default
                : histories.Select(history => Judge.InAllRegions(history, scaleCase)).Aggregate((a, b) => a.Or(b)));
    }

    private static SubjectHistory StartSubject(
        ScaleCase scaleCase, List<RegionModel> regions, ScaleCounts counts, VirtualTime time, Random random)
    {
        var (history, global) = (new SubjectHistory(scaleCase.CalledIn), new GlobalModel());
        foreach (var region in regions)
        {
            new SubjectModel(scaleCase, region, global, history, counts, time, random).Start();
        }

        return history;
    }
}
