using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>The stored form of a state. Old bytes stay readable: fields are added, never renamed or reused.</summary>
internal sealed record RateLimitSnapshot
{
    public const int CurrentVersion = 1;

    // The last millisecond that DateTimeOffset can name, for a reader that wants to print it.
    private const long SeenMsMax = 253_402_300_799_999;

    [JsonPropertyName("v")]
    public required int Version { get; init; }

    public required RateLimitAlgorithm Algorithm { get; init; }

    public required long WindowMs { get; init; }

    public required long SeenMs { get; init; }

    // Sliding window: the number of the last bucket, and the counts up to it without leading zeros.
    public long? Newest { get; init; }

    public int[]? Counts { get; init; }

    // Token bucket.
    public long? Debt { get; init; }

    public long? Peak { get; init; }

    // Fixed window.
    public long? Used { get; init; }

    public static RateLimitSnapshot From(in RateLimitState state)
    {
        var blank = new RateLimitSnapshot
        {
            Version = CurrentVersion,
            Algorithm = state.Algorithm,
            WindowMs = state.WindowMs,
            SeenMs = state.SeenMs,
        };
        return state.Algorithm switch
        {
            RateLimitAlgorithm.SlidingWindow => blank with { Newest = NewestOf(blank), Counts = CountsOf(state) },
            RateLimitAlgorithm.TokenBucket => blank with { Debt = state.Level, Peak = state.Peak },
            RateLimitAlgorithm.FixedWindow => blank with { Used = state.Level },
            _ => blank,
        };
    }

    /// <summary>Reads what a store holds; anything but a possible state is refused, never thrown.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out RateLimitState state)
    {
        state = RateLimitState.Empty;
        try
        {
            var snapshot = JsonSerializer.Deserialize(json, RateLimitSnapshotContext.Default.RateLimitSnapshot);
            if (snapshot is null || !snapshot.IsValid())
            {
                return false;
            }

            state = snapshot.ToState();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public byte[] Serialize() =>
        JsonSerializer.SerializeToUtf8Bytes(this, RateLimitSnapshotContext.Default.RateLimitSnapshot);

    public RateLimitState ToState()
    {
        var buckets = default(BucketCounts);
        for (var i = 0; i < Counts?.Length; i++)
        {
            buckets[BucketCounts.Slot(NewestOf(this) - i)] = Counts[^(i + 1)];
        }

        return new RateLimitState
        {
            Algorithm = Algorithm,
            WindowMs = WindowMs,
            SeenMs = SeenMs,
            Level = Debt ?? Used ?? 0,
            Peak = Peak ?? 0,
            Buckets = buckets,
        };
    }

    private static long NewestOf(RateLimitSnapshot snapshot) =>
        SlidingWindow.BucketAt(snapshot.SeenMs, snapshot.WindowMs);

    private static int[] CountsOf(in RateLimitState state)
    {
        var newest = SlidingWindow.BucketAt(state.SeenMs, state.WindowMs);
        var counts = new int[BucketCounts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = state.Buckets[BucketCounts.Slot(newest - SlidingWindow.BucketsPerWindow + i)];
        }

        return [.. counts.SkipWhile(count => count == 0)];
    }

    private bool IsValid()
    {
        if (Algorithm is RateLimitAlgorithm.None)
        {
            return this == From(RateLimitState.Empty);
        }

        return Version == CurrentVersion
            && WindowMs is >= Quota.WindowMinMs and <= Quota.WindowMaxMs
            && SeenMs is >= 0 and <= SeenMsMax
            && Algorithm switch
            {
                RateLimitAlgorithm.SlidingWindow => HasValidCounts(),
                RateLimitAlgorithm.TokenBucket => Used is null && HasValidDebt(),
                RateLimitAlgorithm.FixedWindow => Debt is null && Used is >= 0 and <= RateLimitState.UsedMax,
                _ => false,
            };
    }

    private bool HasValidCounts() =>
        Newest == NewestOf(this)
        && Counts is { Length: <= BucketCounts.Length }
        && Array.TrueForAll(Counts, count => count >= 0)
        && Counts.Sum(count => (long)count) <= RateLimitState.UsedMax;

    private bool HasValidDebt() =>
        Peak is >= 0 and <= RateLimitState.UsedMax && Debt is >= 0 && Debt <= Peak * WindowMs;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RateLimitSnapshot))]
internal sealed partial class RateLimitSnapshotContext : JsonSerializerContext;
