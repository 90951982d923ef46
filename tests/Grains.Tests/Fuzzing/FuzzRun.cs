using System.Globalization;
using System.Text;

namespace Gatehouse.Fuzzing;

/// <summary>
/// A seed, and how long there are new ones: <c>GATEHOUSE_FUZZ_SEED</c> plays a run again, and with
/// <c>GATEHOUSE_FUZZ_DURATION</c> it goes on from there.
/// </summary>
internal sealed class FuzzRun(TimeSpan time)
{
    private static readonly string? SeedSetting = Environment.GetEnvironmentVariable("GATEHOUSE_FUZZ_SEED");
    private static readonly string? DurationSetting = Environment.GetEnvironmentVariable("GATEHOUSE_FUZZ_DURATION");

    private readonly long _start = TimeProvider.System.GetTimestamp();

    /// <summary>How long it goes on.</summary>
    public TimeSpan Time { get; } =
        DurationSetting is null ? time : TimeSpan.Parse(DurationSetting, CultureInfo.InvariantCulture);

    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_start);

    /// <summary>The first seed; each round has the next one.</summary>
    public int Seed { get; } =
        SeedSetting is null ? Random.Shared.Next(1_000_000_000) : int.Parse(SeedSetting, CultureInfo.InvariantCulture);

    /// <summary>A seed for each round: no more once the time is up, but for the least.</summary>
    public IEnumerable<int> Seeds(int roundsMin = 1)
    {
        for (var round = 0; round < roundsMin || Elapsed < Time; round++)
        {
            yield return unchecked(Seed + round);
        }
    }

    /// <summary>
    /// Reads changed and random bytes until the time is up. What the reader throws, but for what it documents, fails, and
    /// so does what takes long: the seed and the bytes are told.
    /// </summary>
    public static void Read(FuzzTarget target)
    {
        var run = new FuzzRun(target.Time);
        foreach (var seed in run.Seeds())
        {
            var random = new Random(seed);
            var sample = target.Samples[random.Next(target.Samples.Count)];
            var input = random.Next(8) == 0 ? Mutation.Noise(random, 200) : Mutation.Of(random, sample);
            var start = TimeProvider.System.GetTimestamp();
            var failure = target.Failure(input);
            if (TimeProvider.System.GetElapsedTime(start) > FuzzTarget.Patience)
            {
                failure ??= new TimeoutException($"It took longer than {FuzzTarget.Patience}.");
            }

            Assert.True(failure is null,
                $"{target.Name}, GATEHOUSE_FUZZ_SEED={seed}: {Convert.ToBase64String(input)}\n{failure}");
        }
    }

    /// <summary>A megabyte of what a reader has to look at more than once takes no long time.</summary>
    public static void ReadLong(FuzzTarget target, IEnumerable<string> pieces)
    {
        foreach (var piece in pieces)
        {
            var text = string.Concat(Enumerable.Repeat(piece, 1024 * 1024 / piece.Length));
            var start = TimeProvider.System.GetTimestamp();

            Assert.Null(target.Failure(Encoding.UTF8.GetBytes(text)));

            Assert.True(
                TimeProvider.System.GetElapsedTime(start) < FuzzTarget.Patience, $"{target.Name}: {piece}");
        }
    }
}
