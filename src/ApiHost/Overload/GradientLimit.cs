namespace Gatehouse.ApiHost.Overload;

/// <summary>
/// How many requests of one kind are worked on at the same time, found by their latency: when it rises above what it
/// is without a queue, they queue somewhere behind this host, and fewer at a time will be answered no slower. After
/// Netflix' concurrency-limits ("Gradient2"), with one thing from Envoy's adaptive concurrency: what is usual is not
/// learned from overload, or the limit would creep up for as long as it lasts, but measured now and then with few.
/// </summary>
/// <param name="Limit">Not rounded, so that small steps add up.</param>
/// <param name="UsualMs">The latency without a queue; 0 while it is not known.</param>
internal readonly record struct GradientLimit(double Limit, double UsualMs)
{
    /// <summary>After so many observations under strain, a minute's, the usual latency is measured.</summary>
    public const int StrainMax = 600;

    /// <summary>So much slower than usual is still usual: latencies vary by themselves.</summary>
    private const double Tolerance = 1.5;

    /// <summary>A limit is at most halved by one observation, before it is smoothed.</summary>
    private const double GradientMin = 0.5;

    private const double Smoothing = 0.2;

    /// <summary>The share of the difference by which the usual latency follows a lower one, or a higher.</summary>
    private const double DownShare = 0.1;
    private const double UpShare = 0.02;

    /// <summary>The first of these are of requests that came before the measurement.</summary>
    private const int MeasurementObservations = 3;

    /// <summary>For how many observations in a row the limit was needed.</summary>
    private int Strain { get; init; }

    /// <summary>While it is measured: the limit to return to, and how many observations are left.</summary>
    private (double Limit, int Left) Measuring { get; init; }

    /// <summary>Takes note of one observation.</summary>
    /// <param name="latencyMs">The average latency since the last one.</param>
    /// <param name="inFlightMax">The most that were worked on at the same time.</param>
    /// <param name="min">Never fewer than these.</param>
    /// <param name="max">Never more.</param>
    public GradientLimit Observe(double latencyMs, int inFlightMax, int min, int max)
    {
        if (Measuring.Left > 0)
        {
            return Measuring.Left == 1
                ? new GradientLimit(Measuring.Limit, latencyMs)
                : this with { Measuring = (Measuring.Limit, Measuring.Left - 1) };
        }

        // Nobody waited for the limit: no queue of its making can be what makes it slow.
        var isFree = inFlightMax < Limit / 2;
        var share = latencyMs < UsualMs ? DownShare : isFree ? UpShare : 0;
        var usual = UsualMs == 0 ? latencyMs : UsualMs + ((latencyMs - UsualMs) * share);
        if (isFree)
        {
            return new GradientLimit(Limit, usual);
        }

        if (Strain >= StrainMax)
        {
            return new GradientLimit(min, usual) { Measuring = (Limit, MeasurementObservations) };
        }

        var gradient = Math.Clamp(Tolerance * usual / latencyMs, GradientMin, 1);
        // The square root is the queue that is allowed to form: without it a limit could never grow.
        var next = (Limit * gradient) + Math.Sqrt(Limit);
        return new GradientLimit(Math.Clamp(Limit + ((next - Limit) * Smoothing), min, max), usual)
        {
            Strain = Strain + 1,
        };
    }
}
