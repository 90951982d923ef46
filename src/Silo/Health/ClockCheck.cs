using System.Globalization;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Gatehouse.Silo.Health;

/// <summary>How far this process's clock is from a store's, as one question and its answer show it.</summary>
/// <param name="Skew">This clock minus the store's, if both ways took as long.</param>
/// <param name="Error">How far that can be off: half of the round trip.</param>
internal readonly record struct ClockSkew(TimeSpan Skew, TimeSpan Error)
{
    public static ClockSkew Of(DateTimeOffset asked, TimeSpan roundTrip, DateTimeOffset storeTime) =>
        new(asked + (roundTrip / 2) - storeTime, roundTrip / 2);

    /// <summary>Whether it is more than that for certain: a slow answer is no proof.</summary>
    public bool IsMoreThan(TimeSpan max) => Skew.Duration() - Error > max;
}

/// <summary>
/// This process's clock beside the regional store's: expiry of keys is judged by the one, everything stored by the
/// other.
/// </summary>
internal sealed class ClockCheck(
    CheckedConnection store, IOptions<HealthOptions> options, HealthMetrics metrics, TimeProvider time)
    : IDependencyCheck
{
    public string Name => CheckNames.Clock;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        var database = await store.ConnectAsync();
        var (asked, began) = (time.GetUtcNow(), time.GetTimestamp());
        RedisResult answer;
        try
        {
            answer = await database.ExecuteAsync("TIME");
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            // That the store is away is another check's finding.
            return new CheckResult(CheckOutcome.Unknown, "The store did not say its time.") { Failure = failure };
        }

        var skew = ClockSkew.Of(asked, time.GetElapsedTime(began), Read(answer));
        metrics.Skewed(skew.Skew);
        return new CheckResult(
            skew.IsMoreThan(options.Value.ClockSkewMax) ? CheckOutcome.Bad : CheckOutcome.Good,
            "The clock of this process minus that of the store.")
        {
            Data = new Dictionary<string, object>
            {
                ["skewMilliseconds"] = skew.Skew.TotalMilliseconds,
                ["errorMilliseconds"] = skew.Error.TotalMilliseconds,
            },
        };
    }

    private static DateTimeOffset Read(RedisResult answer)
    {
        var parts = (string[])answer!;
        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[0], CultureInfo.InvariantCulture))
            .AddMicroseconds(long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
