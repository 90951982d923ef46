using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>
/// What a subject's activation gives to the one that takes its place on another silo: it goes on as the same owner.
/// </summary>
[GenerateSerializer, Immutable, Alias("rl.handover")]
internal sealed record SubjectHandover
{
    [Id(0)] public required string Owner { get; init; }

    [Id(1)] public required RateLimitAlgorithm Algorithm { get; init; }

    [Id(2)] public required long StateWindowMs { get; init; }

    [Id(3)] public required long SeenMs { get; init; }

    [Id(4)] public required long Level { get; init; }

    [Id(5)] public required long Peak { get; init; }

    [Id(6)] public required int[] Buckets { get; init; }

    [Id(7)] public required long WindowMs { get; init; }

    [Id(8)] public required long Newest { get; init; }

    [Id(9)] public required long StoreWindowMs { get; init; }

    [Id(10)] public required bool MayReplace { get; init; }

    [Id(11)] public required int[] Told { get; init; }

    [Id(12)] public required int[] Own { get; init; }

    [Id(13)] public required long ReservedSpan { get; init; }

    [Id(14)] public required long ReservedUnits { get; init; }

    [Id(15)] public required long Sequence { get; init; }

    [Id(17)] public required long DebtAtMs { get; init; }

    [Id(18)] public required long DebtLevel { get; init; }

    [Id(19)] public required long DebtPeak { get; init; }

    [Id(20)] public required long FirstSequence { get; init; }

    // Set by the grain: a history that is unknown stays so wherever the subject goes.
    [Id(16)] public long UnknownUntilMs { get; init; }

    // What it was last decided by, for the hand-over after this one, should no call come before.
    [Id(21)] public required long Limit { get; init; }

    [Id(22)] public required long ColdLimit { get; init; }

    [Id(23)] public required long ColdUntilMs { get; init; }

    /// <summary>
    /// The last request, if it was not answered yet: it goes out again before any other. One number after the other, as
    /// <see cref="ToRequest"/> reads them.
    /// </summary>
    [Id(24)] public long[]? Unanswered { get; init; }

    public static SubjectHandover From(
        string owner, in Quota quota, in SubjectCounts counts, ReserveRequest? unanswered) => new()
    {
        Owner = owner,
        Unanswered = unanswered is null ? null : Numbers(unanswered),
        Limit = quota.Limit,
        ColdLimit = quota.ColdLimit,
        ColdUntilMs = quota.ColdUntilMs,
        Algorithm = counts.State.Algorithm,
        StateWindowMs = counts.State.WindowMs,
        SeenMs = counts.State.SeenMs,
        Level = counts.State.Level,
        Peak = counts.State.Peak,
        Buckets = [.. counts.State.Buckets],
        WindowMs = counts.Ceiling.WindowMs,
        Newest = counts.Ceiling.Newest,
        StoreWindowMs = counts.Ceiling.StoreWindowMs,
        MayReplace = counts.Ceiling.MayReplace,
        Told = [.. counts.Ceiling.Told],
        Own = [.. counts.Ceiling.Own],
        ReservedSpan = counts.Ceiling.Reserved.Span,
        ReservedUnits = counts.Ceiling.Reserved.Granted,
        Sequence = counts.Ceiling.Sequence,
        FirstSequence = counts.Ceiling.FirstSequence,
        DebtAtMs = counts.Opening.AtMs,
        DebtLevel = counts.Opening.Level,
        DebtPeak = counts.Opening.Peak,
    };

    public Quota ToQuota() => new(Algorithm, Limit, ColdLimit, WindowMs, ColdUntilMs);

    public SubjectCounts ToCounts() => new()
    {
        State = new RateLimitState
        {
            Algorithm = Algorithm,
            WindowMs = StateWindowMs,
            SeenMs = SeenMs,
            Level = Level,
            Peak = Peak,
            Buckets = Ring(Buckets),
        },
        Ceiling = Ceiling.Summed(new Ceiling
        {
            WindowMs = WindowMs,
            Newest = Newest,
            StoreWindowMs = StoreWindowMs,
            MayReplace = MayReplace,
            Told = Ring(Told),
            Own = Ring(Own),
            Reserved = new Reservation(ReservedSpan, ReservedUnits),
            Sequence = Sequence,
            FirstSequence = FirstSequence,
        }),
        Opening = new OpeningDebt(DebtAtMs, DebtLevel, DebtPeak),
    };

    public ReserveRequest? ToRequest() => Unanswered is not [var sequence, var window, var replaces, var oldest,
        var reservedSpan, var reserved, var releasedSpan, var released, var debtAt, var debt, var peak, .. var settled]
        ? null
        : new ReserveRequest
        {
            Sequence = sequence,
            WindowMs = window,
            Replaces = replaces,
            Oldest = oldest,
            Reserved = new Reservation(reservedSpan, reserved),
            Released = new Reservation(releasedSpan, released),
            Opening = new OpeningDebt(debtAt, debt, peak),
            Settled = [.. settled.Chunk(2).Select(static pair => new BucketCount(pair[0], pair[1]))],
        };

    private static long[] Numbers(ReserveRequest request) =>
    [
        request.Sequence, request.WindowMs, request.Replaces, request.Oldest,
        request.Reserved.Span, request.Reserved.Granted, request.Released.Span, request.Released.Granted,
        request.Opening.AtMs, request.Opening.Level, request.Opening.Peak,
        .. request.Settled.SelectMany(static settled => new[] { settled.Bucket, settled.Count }),
    ];

    // A ring of another length comes from another version: it throws, and the activation reads the store instead.
    private static BucketCounts Ring(int[] counts)
    {
        if (counts.Length != BucketCounts.Length)
        {
            throw new InvalidDataException("Counts of another version were handed over.");
        }

        var ring = default(BucketCounts);
        counts.AsSpan().CopyTo(ring);
        return ring;
    }
}
