using System.Globalization;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>One column: its title, and what it shows of a result.</summary>
internal sealed record Column(string Title, Func<ScaleResult, FormattableString> Show);

/// <summary>Cases of one kind, and what is shown of them, as Markdown.</summary>
internal sealed record ScaleTable(string Title, IReadOnlyList<ScaleCase> Cases, IReadOnlyList<Column> Columns)
{
    public void Write(IReadOnlyList<ScaleResult> results, TextWriter output)
    {
        output.WriteLine($"### {Title}\n");
        output.WriteLine($"| {string.Join(" | ", Columns.Select(column => column.Title))} |");
        output.WriteLine($"|{string.Concat(Enumerable.Repeat("---:|", Columns.Count))}");
        foreach (var result in results)
        {
            var cells = Columns.Select(column => column.Show(result).ToString(CultureInfo.InvariantCulture));
            output.WriteLine($"| {string.Join(" | ", cells)} |");
        }
    }
}

/// <summary>Which cases are played.</summary>
internal static class ScaleTables
{
    private const double Normal = 0.5;
    private const double Heavy = 0.8;
    private const double Busy = 1.2;
    private const double Attack = 10;
    private const double Flood = 100;
    // Two chunks in the time from the last reservation to the crash, so that the bound of a crash is reached.
    private const double Torrent = 300;
    private static readonly long[] Limits = [10, 100, 1_000, 10_000];
    private static readonly int[] CalledIn = [1, 3, 10, 50];
    private static readonly int[] IntervalsMs = [100, 250, 1_000];

    private static readonly Column Limit = new("limit", r => $"{r.Case.Limit:N0}");
    private static readonly Column Chunk = new("chunk", r => $"{r.Case.Chunk:N0}");
    private static readonly Column Load = new("calls / limit", r => $"{r.Case.Load:0.##}");
    private static readonly Column Called = new("called in", r => $"{r.Case.CalledIn}");
    private static readonly Column Interval = new("interval", r => $"{r.Case.SyncInterval.TotalMilliseconds} ms");
    private static readonly Column Served = new(
        "of the calls admitted", r => $"{r.Counts.Admitted / (r.Counts.Offered - r.Counts.Lost):P1}");
    private static readonly Column Operations = new(
        "store operations/s, one region", r => $"{r.PerSecond(r.Counts.StoreOperations) / ScaleCase.Regions:N0}");
    private static readonly Column PerAdmitted = new(
        "store operations per admitted call", r => $"{r.PerAdmitted(r.Counts.StoreOperations):0.000}");
    private static readonly Column Exchanges = new("exchanges/s, all regions", r => $"{r.PerSecond(r.Counts.Exchanges):N0}");
    private static readonly Column Waited = new(
        "calls that waited", r => $"{(double)r.Counts.Waited / r.Counts.Decided:P2}");
    private static readonly Column Regional = new(
        "fullest window of a region / bound", r => $"{r.InOneRegion.Units:N0} / {r.InOneRegion.Allowed:N0}");
    private static readonly Column Global = new(
        "fullest window of all / bound", r => $"{r.InAllRegions.Units:N0} / {r.InAllRegions.Allowed:N0}");
    private static readonly Column PerRegion = new(
        "calls / limit, each region", r => $"{r.Case.Load / r.Case.CalledIn:0.##}");
    private static readonly Column Multiplier = new("multiplier", r => $"{r.Case.Multiplier}");
    private static readonly Column Usable = new("usable", r => $"{r.Case.Usable:N0}");
    private static readonly Column Crashes = new("crashes", r => $"{r.Case.Crashes}");
    private static readonly Column Loss = new("loss", r => $"{r.Case.Loss:P0}");
    private static readonly Column Used = new("of the usable limit admitted", r => $"{r.Used:P0}");

    public static IReadOnlyList<ScaleTable> All { get; } =
    [
        new("1. One region: what the regional store is asked",
            [.. from limit in Limits from load in new[] { Normal, Attack } select OneRegion(limit, load)],
            [Limit, Chunk, Load, Operations, PerAdmitted, Waited, Used, Regional]),
        new("2. One region: crashes",
            [.. from load in new[] { Heavy, Torrent } from limit in Limits from crashes in new[] { 0, 1, 3 }
                select OneRegion(limit, load) with { Crashes = crashes }],
            [Load, Limit, Chunk, Crashes, PerAdmitted, Used, Regional]),
        new("3. Several regions, normal use: limit 1,000",
            [.. from load in new[] { 0.8, 1.6 } from interval in IntervalsMs from called in CalledIn.Skip(1)
                select Spread(1_000, called, load) with { SyncInterval = Milliseconds(interval) }],
            [Load, Interval, Called, Exchanges, Served, Waited, Global]),
        new("4. Several regions, attack: limit 1,000, each region called ten times as often",
            [.. from interval in IntervalsMs from called in CalledIn
                select Spread(1_000, called, Attack * called) with { SyncInterval = Milliseconds(interval) }],
            [Interval, Called, Exchanges, Used, Waited, Global]),
        new("5. The same attack by limit, and so by chunk: interval 250 ms",
            [.. from limit in Limits from called in CalledIn.Skip(1) select Spread(limit, called, Attack * called)],
            [Limit, Chunk, Called, Exchanges, PerAdmitted, Used, Waited, Global]),
        new("6. All 50 regions at once, by how hard and by interval: limit 1,000",
            [.. from load in new[] { Busy, Attack, Flood } from interval in IntervalsMs
                select Spread(1_000, ScaleCase.Regions, load * ScaleCase.Regions) with
                {
                    SyncInterval = Milliseconds(interval),
                    Samples = load < Flood ? 2 : 1,
                }],
            [PerRegion, Interval, Exchanges, Used, Global]),
        new("7. What idle regions withhold: limit 1,000, each region called 1.2 times as often",
            [.. from multiplier in new[] { 2m, 5m, 10m } from called in CalledIn
                select Spread(1_000, called, Busy * called) with { Multiplier = multiplier }],
            [Multiplier, Called, Usable, Used, Exchanges, Global]),
        new("8. Several regions: crashes, and answers that never come",
            [.. from called in CalledIn.Skip(1)
                from faults in new (int Crashes, double Loss)[] { (0, 0), (2, 0), (0, 0.01), (0, 0.1) }
                select Spread(1_000, called, Attack * called) with { Crashes = faults.Crashes, Loss = faults.Loss }],
            [Called, Crashes, Loss, Exchanges, Used, Regional, Global]),
    ];

    private static TimeSpan Milliseconds(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static ScaleCase OneRegion(long limit, double load) => new()
    {
        Limit = limit,
        Load = load,
        IsRegional = true,
        Samples = limit < 10_000 ? 40 : 20,
    };

    private static ScaleCase Spread(long limit, int called, double load) => new()
    {
        Limit = limit,
        Load = load,
        CalledIn = called,
        Samples = Math.Max(2, (limit < 10_000 ? 30 : 20) / called),
    };
}
