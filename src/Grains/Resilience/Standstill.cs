namespace Gatehouse.Grains.Resilience;

/// <summary>
/// Notices that this process stood still: it was stopped, its machine was suspended, or it got no processor. What it
/// knew can be long out of date then, its grains can live elsewhere, and a time-out that passed meanwhile says nothing
/// of who was waited for.
/// </summary>
internal sealed class Standstill : IDisposable
{
    /// <summary>The others need far longer to declare a silo dead: who stood still for less still has what it had.
    /// </summary>
    public static readonly TimeSpan Min = TimeSpan.FromSeconds(3);

    /// <summary>By then a process that was declared dead has found out, and ended itself.</summary>
    public static readonly TimeSpan DoubtMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly long _minSteady;
    private readonly ITimer _timer;
    private long _seenSteady;
    private long _seenWall;
    private long _endedAt;
    private long _count;

    public Standstill(TimeProvider time)
    {
        (_time, _seenSteady, _seenWall) = (time, time.GetTimestamp(), time.GetUtcNow().Ticks);
        _minSteady = (long)(Min.TotalSeconds * time.TimestampFrequency);
        _timer = time.CreateTimer(static watch => ((Standstill)watch!).Look(), this, Period, Period);
    }

    /// <summary>Called with its length, each time that one has ended; by whoever finds it, who is not to be held up.
    /// </summary>
    public event Action<TimeSpan>? Ended;

    /// <summary>How many there were. The first who asks after one finds it, whether a timer has come to that or not.
    /// </summary>
    public long Count
    {
        get
        {
            if (HasStood(_time.GetTimestamp(), _time.GetUtcNow().Ticks))
            {
                Look();
            }

            return Volatile.Read(ref _count);
        }
    }

    /// <summary>
    /// Whether one ended a moment ago, as far as it was found: this process may have been declared dead, and not know
    /// it yet.
    /// </summary>
    public bool IsInDoubt => Volatile.Read(ref _count) > 0
        && _time.GetElapsedTime(Volatile.Read(ref _endedAt)) < DoubtMax;

    public void Dispose() => _timer.Dispose();

    /// <summary>
    /// By either clock: the steady one stops with the machine, and the wall clock may be set, which costs a read more.
    /// </summary>
    private bool HasStood(long steady, long wall) => steady - Volatile.Read(ref _seenSteady) > _minSteady
        || wall - Volatile.Read(ref _seenWall) > Min.Ticks;

    private void Look()
    {
        var (steady, wall) = (_time.GetTimestamp(), _time.GetUtcNow().Ticks);
        var (seenSteady, seenWall) = (Volatile.Read(ref _seenSteady), Volatile.Read(ref _seenWall));
        var hasStood = HasStood(steady, wall);
        if (hasStood)
        {
            // Counted before it is taken as seen: nobody who comes between the two goes on with the old count.
            Volatile.Write(ref _endedAt, steady);
            Interlocked.Increment(ref _count);
        }

        Volatile.Write(ref _seenWall, wall);
        // Of several who find it at once only one tells; each may count it, which costs a read more.
        if (Interlocked.CompareExchange(ref _seenSteady, steady, seenSteady) == seenSteady && hasStood)
        {
            Ended?.Invoke(new TimeSpan(Math.Max(_time.GetElapsedTime(seenSteady, steady).Ticks, wall - seenWall)));
        }
    }
}
