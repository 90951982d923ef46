using System.Text;

namespace Gatehouse.Fuzzing;

/// <summary>Something that reads what others wrote: a text of a caller, a record of a store.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Samples">Good inputs, which are changed.</param>
/// <param name="Read">
/// Reads, and uses what was read. Throws what <paramref name="IsRefusal"/> knows where it refuses, and anything else where
/// what it read is not true.
/// </param>
/// <param name="IsRefusal">Whether that is the documented way to refuse.</param>
internal sealed record FuzzTarget(
    string Name, IReadOnlyList<byte[]> Samples, Action<byte[]> Read, Func<Exception, bool> IsRefusal)
{
    /// <summary>More than any reader takes for a few kilobytes, on a machine that does other work, too.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>A reader of texts.</summary>
    public static FuzzTarget Of(
        string name, IEnumerable<string> samples, Action<string> read, Func<Exception, bool>? isRefusal = null) =>
        new(name, [.. samples.Select(Encoding.UTF8.GetBytes)], bytes => read(Encoding.UTF8.GetString(bytes)),
            isRefusal ?? (static _ => false));

    /// <summary>How long it is tried in the suite.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The reader's whole answer to an input, if it is not one that it may give.</summary>
    public Exception? Failure(byte[] input)
    {
        try
        {
            Read(input);
            return null;
        }
#pragma warning disable CA1031 // Any exception that is not documented is what is looked for.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return IsRefusal(failure) ? null : failure;
        }
    }

    public override string ToString() => Name;
}
