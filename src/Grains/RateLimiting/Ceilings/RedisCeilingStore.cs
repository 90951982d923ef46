using System.Globalization;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>Keeps counts in the regional Redis, one hash with a time to live per subject.</summary>
internal sealed class RedisCeilingStore(RedisConnection redis) : ICeilingStore
{
    internal static readonly LuaScript Script = LuaScript.Load("ceiling.lua");

    public async Task<ReserveAnswer> ReserveAsync(string key, string owner, ReserveRequest request)
    {
        List<RedisValue> values =
        [
            owner, request.Sequence, request.TimeToLiveMs, request.WindowMs, request.Replaces, request.Oldest,
            Text(request.Opening),
        ];
        foreach (var (bucket, count) in request.Changes)
        {
            values.Add(bucket);
            values.Add(count);
        }

        try
        {
            return Read((RedisResult[])(await redis.RunAsync(
                CallKind.Write, database => Script.RunAsync(database, [At(key)], [.. values])))!);
        }
        catch (Exception unreadable) when (IsUnreadable(unreadable))
        {
            // One subject's trouble, not the store's: until it is reset its history is unknown, and never fresh.
            throw new InvalidDataException("The stored counts of a subject are not of this version.", unreadable);
        }
    }

    public Task DeleteAsync(string key) =>
        redis.RunAsync(CallKind.Write, database => database.KeyDeleteAsync(At(key)));

    internal static RedisKey At(string key) => $"gatehouse:ceiling:{key}";

    private static bool IsUnreadable(Exception failure) => failure is FormatException
        || (failure is RedisServerException && failure.Message.Contains("WRONGTYPE", StringComparison.Ordinal));

    /// <exception cref="FormatException">It is not what this version writes.</exception>
    internal static ReserveAnswer Read(RedisResult[] answer)
    {
        var counts = new BucketCount[(answer.Length - 4) / 2];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = new BucketCount(Number(answer[4 + (2 * i)]), Number(answer[5 + (2 * i)]));
        }

        return new ReserveAnswer
        {
            IsApplied = (int)answer[0] == 1,
            WindowMs = Number(answer[1]),
            FirstSequence = Number(answer[2]),
            Opening = Debt((string)answer[3]!),
            Counts = counts,
        };
    }

    private static string Text(OpeningDebt debt) => debt.AtMs == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{debt.AtMs}:{debt.Level}:{debt.Peak}");

    private static OpeningDebt Debt(string text)
    {
        if (text.Length == 0)
        {
            return default;
        }

        return text.Split(':') is [var at, var level, var peak]
            ? new OpeningDebt(Number(at), Number(level), Number(peak))
            : throw new FormatException("A debt is three numbers.");
    }

    private static long Number(RedisResult value) => Number((string)value!);

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException("A count is a whole number.");
}
