using Gatehouse.Grains.Abstractions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Regions;

/// <summary>
/// This silo's copy of the region's start, and the region's time. Asks the region's grain once a second, so that
/// neither costs a check a call.
/// </summary>
internal sealed class RegionClock(
    IGrainFactory grains, IRegionStore store, IOptions<RegionOptions> options, RegionMetrics metrics, TimeProvider time)
    : BackgroundService, IHostedLifecycleService
{
    // A process that starts is slow to answer itself. What it is off by then would stay for minutes, and a subject that
    // comes from a silo whose clock is late forgets its units that much early.
    private const int FirstReadsMax = 10;
    private const int FirstErrorMaxMs = 2;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstReadMax = TimeSpan.FromSeconds(2);

    // Elapsed time goes through a double: measured from far away, a millisecond would get lost in it.
    private readonly long _origin = time.GetTimestamp();
    private volatile Reading? _reading;
    private volatile string? _lostGeneration;

    private sealed record Reading(DateTimeOffset StartedAt, string? Generation, StoreTimeline Timeline);

    /// <summary>When the region started, in its own time; null while that is unknown.</summary>
    public DateTimeOffset? StartedAt =>
        _reading is { } known && known.Generation != _lostGeneration ? known.StartedAt : null;

    /// <summary>
    /// The region's time, milliseconds since the Unix epoch; the local clock's until the store was reached once.
    /// </summary>
    public long NowMs => _reading is { } known ? known.Timeline.At(LocalMs) : time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The same as a time.</summary>
    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(NowMs);

    private long LocalMs => time.GetElapsedTime(_origin).Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>
    /// Whether the store still holds what this silo knows it to hold. A reader of an empty entry asks: in a store that
    /// was flushed a moment ago, empty does not mean unused. Then the region's age is unknown from here on.
    /// </summary>
    public async Task<bool> ConfirmAsync()
    {
        if (_reading is not { Generation: { } known } || await store.GenerationAsync(options.Value.Region) == known)
        {
            return true;
        }

        _lostGeneration = known;
        return false;
    }

    /// <summary>Asks the region's grain once. What is known stays when it fails.</summary>
    public async Task RefreshAsync()
    {
        var asked = LocalMs;
        var age = await grains.Region(options.Value.Region).GetAsync();
        if (age.StartedAt is not { } startedAt)
        {
            return;
        }

        var (measured, local) = (age.StoreTime.ToUnixTimeMilliseconds(), LocalMs);
        var timeline = _reading?.Timeline.Corrected(measured, asked, local)
            ?? StoreTimeline.Measured(measured, asked, local);
        _reading = new Reading(startedAt, age.Generation, timeline);
        metrics.Read(startedAt, age.StoreTime);
    }

    /// <summary>
    /// Sets the clock before the silo starts. Nothing was decided by it yet, so it may be put right at once; from then
    /// on it is moved slowly. Of several answers the fastest tells most.
    /// </summary>
    public async Task StartingAsync(CancellationToken cancellationToken) => await SetAsync()
        .WaitAsync(FirstReadMax, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Waits a little for the first answer: without it the first calls after a restart would meet a cold region.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryRefreshAsync().WaitAsync(FirstReadMax, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryRefreshAsync();
        }
    }

    private async Task SetAsync()
    {
        var (fastest, begun) = (long.MaxValue, time.GetTimestamp());
        for (var read = 0; read < FirstReadsMax && fastest > 2 * FirstErrorMaxMs; read++)
        {
            var asked = LocalMs;
            var start = await store.StartAsync(options.Value.Region);
            var answered = LocalMs;
            if (time.GetElapsedTime(begun) >= FirstReadMax)
            {
                // The silo has started meanwhile, and what it decided stands: from here on the clock is moved slowly.
                return;
            }

            if (answered - asked < fastest)
            {
                fastest = answered - asked;
                var timeline = StoreTimeline.Measured(start.StoreTime.ToUnixTimeMilliseconds(), asked, answered);
                _reading = new Reading(start.StartedAt, start.Generation, timeline);
            }
        }
    }

    private async Task TryRefreshAsync()
    {
        try
        {
            await RefreshAsync();
        }
#pragma warning disable CA1031 // The next tick tries again; until then what is known stays, and unknown counts as cold.
        catch (Exception)
#pragma warning restore CA1031
        {
            metrics.ReadFailed();
        }
    }
}
