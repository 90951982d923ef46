using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>What can happen to a subject, its owner and its store.</summary>
internal enum Event
{
    Check,
    Answer,
    LoseAnswer,
    LoseRequest,
    Crash,
    HandOver,
    Flush,
    Replicate,
    FailOver,
}

internal sealed record WorldStep(long GapMs, Event Event, long Cost);

/// <summary>
/// One activation after the other, over the model of the store, in a time that only the test moves. Requests travel
/// when a step says so, so everything can happen while one is under way.
/// </summary>
internal sealed class CeilingWorld(Quota quota, CeilingModel store, long startMs)
{
    private static int _owners;

    private string _owner = NewOwner();
    private ReserveRequest? _request;
    private CeilingModel _replica = new();

    public List<(long AtMs, long Units)> Admitted { get; } = [];

    public List<long> CrashesMs { get; } = [];

    public SubjectCounts Counts { get; private set; }

    public long NowMs { get; private set; } = startMs;

    public long Chunk => Ceiling.Chunk(quota.Limit);

    public void Run(WorldStep step)
    {
        NowMs += step.GapMs;
        switch (step.Event)
        {
            case Event.Check:
                Check(step.Cost);
                break;
            case Event.Answer:
                Exchange(isApplied: true, isAnswered: true);
                break;
            case Event.LoseAnswer:
                Exchange(isApplied: true, isAnswered: false);
                break;
            case Event.LoseRequest:
                Exchange(isApplied: false, isAnswered: false);
                break;
            case Event.Crash:
                CrashesMs.Add(NowMs);
                Start();
                break;
            case Event.HandOver:
                HandOver();
                break;
            case Event.Flush:
                store.Clear();
                break;
            case Event.Replicate:
                _replica = store.Copy();
                break;
            case Event.FailOver:
                store.TakeOver(_replica);
                break;
        }
    }

    /// <summary>A new activation: what the store holds is all it knows.</summary>
    public void Start()
    {
        (_owner, _request, Counts) = (NewOwner(), null, default);
        Settle(ahead: 1 + (2 * Chunk));
    }

    public bool Check(long cost)
    {
        var (verdict, missing) = Acquire(cost);
        if (missing is Missing.Reservation)
        {
            // As a call does that waits for the store.
            Settle(cost + (2 * Chunk));
            (verdict, missing) = Acquire(cost);
        }

        Assert.Equal(Missing.None, missing);
        if (verdict.Allowed && cost > 0)
        {
            Admitted.Add((NowMs, cost));
        }

        return verdict.Allowed;
    }

    public void HandOver()
    {
        Exchange(isApplied: true, isAnswered: true);
        for (var attempt = 0; attempt < 3 && Admission.Close(Counts, quota, NowMs) is var (counts, request); attempt++)
        {
            (Counts, _request) = (counts, request);
            Exchange(isApplied: true, isAnswered: true);
        }

        Assert.Null(Admission.Close(Counts, quota, NowMs));
        Start();
    }

    public long AdmittedSince(long fromMs) => Admitted.Where(entry => entry.AtMs > fromMs).Sum(entry => entry.Units);

    private (Verdict Verdict, Missing Missing) Acquire(long cost)
    {
        (Counts, var verdict, var missing) =
            Admission.Acquire(Counts, quota, GlobalRoom.Unlimited, cost, NowMs, bareMax: Chunk);
        if (missing is Missing.None && cost > 0 && Counts.Ceiling.WantsMore(verdict.Remaining, Chunk))
        {
            Ask(2 * Chunk);
        }

        return (verdict, missing);
    }

    private void Settle(long ahead)
    {
        for (var attempt = 0; attempt < 4; attempt++)
        {
            Ask(ahead);
            Exchange(isApplied: true, isAnswered: true);
            if (AtNow().Covers(ahead, 0))
            {
                return;
            }
        }

        Assert.Fail("The store acknowledged, and it was not enough.");
    }

    private void Ask(long ahead)
    {
        if (_request is null)
        {
            (Counts, _request) = Admission.Reserve(Counts, quota, ahead, NowMs);
        }
    }

    private void Exchange(bool isApplied, bool isAnswered)
    {
        if (_request is null || !isApplied)
        {
            return;
        }

        var answer = store.Reserve(_owner, _request);
        if (isAnswered)
        {
            Counts = Admission.Apply(Counts, quota, _request, answer, NowMs);
            _request = null;
        }
    }

    private Ceiling AtNow() => Counts.Ceiling.At(quota.WindowMs, NowMs);

    private static string NewOwner() => $"o{Interlocked.Increment(ref _owners)}";
}
