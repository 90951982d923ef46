using System.IO.Pipelines;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>
/// Sends a range of entries as it is read: one page is held, however long the range and however slow its reader.
/// </summary>
internal static class EntryStream
{
    /// <summary>What waits in the connection's buffer for a slow reader, bytes.</summary>
    public const int UnsentMax = 64 * 1024;

    private const int PartMax = 1_000;

    /// <summary>
    /// The first page of a range; read before the answer begins, while it can still become a problem. Entries that the
    /// range has and the page has not are one.
    /// </summary>
    public static async Task<AuditSearchPage> BeginAsync(IAuditReaderGrain reader, long from, long to)
    {
        var first = await ReadAsync(reader, from, to);
        if (first.Entries.Count == 0 && first.PrunedBefore <= from && from < to)
        {
            // Lost; or moved to the archive between two looks.
            throw new ServiceOverloadedException(
                first.Head.IsFrozen ? AuditOverloads.Frozen : AuditOverloads.Moving, Applied.No);
        }

        return first;
    }

    /// <summary>
    /// Sends the rest of an answer. What goes wrong from here on cuts it off: it must not be taken for a whole one.
    /// </summary>
    public static async Task SendAsync(
        HttpContext context, IAuditReaderGrain reader, AuditSearchPage first, (long From, long To) range,
        Action<PipeWriter, byte[]> write)
    {
        try
        {
            var (page, next, output) = (first, range.From, context.Response.BodyWriter);
            while (next < range.To)
            {
                if (page.Entries.Count == 0 || page.PrunedBefore > next)
                {
                    Cut(context);
                    return;
                }

                foreach (var entry in page.Entries)
                {
                    write(output, entry);
                    if (output.UnflushedBytes > UnsentMax)
                    {
                        await output.FlushAsync(context.RequestAborted);
                    }
                }

                next += page.Entries.Count;
                await output.FlushAsync(context.RequestAborted);
                page = next < range.To ? await ReadAsync(reader, next, range.To) : page;
            }
        }
#pragma warning disable CA1031 // Whatever failed: a problem cannot follow half an answer.
        catch (Exception) when (!context.RequestAborted.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Cut(context);
        }
    }

    private static Task<AuditSearchPage> ReadAsync(IAuditReaderGrain reader, long from, long to) =>
        reader.ReadAsync(from, (int)Math.Min(PartMax, to - from));

    private static void Cut(HttpContext context)
    {
        context.RequestServices.GetRequiredService<HttpMetrics>().StreamCut();
        context.Abort();
    }
}
