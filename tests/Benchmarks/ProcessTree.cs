using System.Globalization;

namespace Gatehouse.Benchmarks;

/// <summary>A process and those that it began, by the kernel's account of them.</summary>
internal sealed class ProcessTree(int root)
{
    // The unit of /proc/*/stat is the same on every Linux of our processors.
    private const double TicksPerSecond = 100;

    /// <summary>Of all that run now, in steps of 10 ms.</summary>
    public TimeSpan ProcessorTime => TimeSpan.FromSeconds(
        Members().Sum(static stat => Number(stat, 11) + Number(stat, 12)) / TicksPerSecond);

    /// <summary>Resident bytes; what several of them share counts once.</summary>
    public long Memory => Members().Sum(static stat => ProportionalSet(stat[^1]));

    /// <summary>The fields behind each process' name, and its number as the last one.</summary>
    private List<string[]> Members()
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName).Where(static name => char.IsAsciiDigit(name![0])).Select(static name => Read(name!))
            .OfType<string[]>().ToLookup(static stat => stat[1]);
        var (members, next) = (new List<string[]>(), new Queue<string>([$"{root}"]));
        if (Read($"{root}") is { } first)
        {
            members.Add(first);
        }

        while (next.TryDequeue(out var parent))
        {
            foreach (var child in all[parent])
            {
                members.Add(child);
                next.Enqueue(child[^1]);
            }
        }

        return members;
    }

    private static string[]? Read(string process)
    {
        try
        {
            return [.. File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Trim().Split(' '), process];
        }
        catch (IOException)
        {
            // It has just ended.
            return null;
        }
    }

    private static long ProportionalSet(string process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/smaps_rollup")
                .First(static line => line.StartsWith("Pss:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static long Number(string[] stat, int field) => long.Parse(stat[field], CultureInfo.InvariantCulture);
}
