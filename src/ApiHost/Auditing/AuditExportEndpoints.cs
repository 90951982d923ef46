using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>Whole chains: verify, export, tail.</summary>
internal static class AuditExportEndpoints
{
    public static void MapExports(this RouteGroupBuilder group)
    {
        group.MapPost("/verify", VerifyAsync).WithName("VerifyChain").RequireScope(Scopes.AuditRead)
            .Does(RouteClass.Export).Waits()
            .Produces<ChainVerdictResponse>().ProducesProblems(400, 404, 413, 415, 503);
        group.MapGet("/export", ExportAsync).WithName("ExportChain").RequireScope(Scopes.AuditRead)
            .Does(RouteClass.Export).Waits()
            .Produces<string>(200, "application/x-ndjson").ProducesProblems(400, 404, 503);
        group.MapGet("/tail", TailAsync).WithName("TailEvents").RequireScope(Scopes.AuditRead)
            .Produces<string>(200, "text/event-stream").ProducesProblems(400, 404);
    }

    /// <summary>Verify the audit chain</summary>
    /// <remarks>
    /// Reads every entry, from the stores as they are now, and compares it with the tree that was signed. Names the
    /// first fault. Takes about a second for 50,000 entries. What is not archived yet is archived first. Whoever does
    /// not want to trust this host verifies an export offline (<c>src/Verifier</c>).
    /// </remarks>
    internal static async Task<IResult> VerifyAsync(
        string tenant, VerifyChainRequest body, TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (RangeFault(body.From, body.To) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var progress = AuditVerification.Of(body.From ?? 0, body.To);
        while (!progress.IsDone)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            progress = await grains.AuditReader(tenant).VerifyAsync(progress);
            if (body.From > progress.Head!.Size || body.To > progress.Head.Size)
            {
                // What is not there must not be said to be good.
                return Problems.EventNotFound();
            }
        }

        return TypedResults.Ok(new ChainVerdictResponse
        {
            Ok = progress.Fault is null,
            Checked = progress.Next - progress.From,
            From = progress.From,
            Head = AuditEndpoints.Head(progress.Head!),
            FirstFault = progress.Fault is { } found
                ? new FaultResponse(found.Seq, found.Kind, found.Expected, found.Actual)
                : null,
        });
    }

    /// <summary>Export the audit chain</summary>
    /// <remarks>
    /// NDJSON: a manifest, then each entry as it is stored (docs/audit.md): those from <c>from</c> (default: the oldest
    /// that is kept) up to before <c>to</c> (default: the end). It can be verified offline, with nothing but the
    /// tenant's key set. An export that is cut off is noticed: the manifest counts the entries.
    /// </remarks>
    internal static async Task<IResult> ExportAsync(
        string tenant, long? from, long? to, TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (RangeFault(from, to) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var reader = grains.AuditReader(tenant);
        var oldest = (await reader.ReadAsync(from ?? 0, 0)).PrunedBefore;
        if (oldest > from || oldest >= to)
        {
            return Problems.EventPruned(oldest);
        }

        return await reader.ExportAsync(from ?? oldest, to) is { } export
            ? await SendAsync(context, reader, tenant, export)
            : Problems.EventNotFound();
    }

    private static async Task<IResult> SendAsync(
        HttpContext context, IAuditReaderGrain reader, string tenant, AuditExport export)
    {
        var first = await EntryStream.BeginAsync(reader, export.From, export.To);
        if (first.PrunedBefore > export.From)
        {
            return Problems.EventPruned(first.PrunedBefore);
        }

        var response = context.Response;
        response.ContentType = "application/x-ndjson";
        response.Headers.ContentDisposition = string.Create(
            CultureInfo.InvariantCulture, $"attachment; filename=\"{tenant}-{export.From}-{export.To}.ndjson\"");
        WriteLine(response.BodyWriter, export.Manifest);
        await EntryStream.SendAsync(context, reader, first, (export.From, export.To), WriteLine);
        return TypedResults.Empty;
    }

    /// <summary>Follow the audit chain</summary>
    /// <remarks>
    /// Server-sent events: each entry with its hash, its place as the event's id. Starts behind <c>Last-Event-ID</c>,
    /// else at <c>from</c>, else with what comes next; nothing is left out, however slowly it is read. The stream ends
    /// after 10 minutes: connect again with the last id.
    /// </remarks>
    internal static async Task<IResult> TailAsync(
        string tenant, long? from, TenantDirectory tenants, IGrainFactory grains, AuditTails tails, HttpRequest request)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (from < 0)
        {
            return Problems.Invalid("from", "must not be negative");
        }

        var text = request.Headers["Last-Event-ID"].ToString();
        if (text.Length == 0 && from is { } start)
        {
            return tails.Follow(tenant, start);
        }

        var head = await grains.AuditChain(tenant).HeadAsync();
        if (text.Length == 0)
        {
            return tails.Follow(tenant, head.Size);
        }

        // One that the chain has not reached: of another chain, or of entries that were given up since. To go on behind
        // it would leave out whatever came in their place.
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seen)
            && seen < long.MaxValue && (seen < head.Size || head.IsFrozen)
            ? tails.Follow(tenant, seen + 1)
            : Problems.Invalid("Last-Event-ID", "must be the id of an event of this stream");
    }

    private static FieldFault? RangeFault(long? from, long? to) =>
        from < 0 ? new FieldFault("from", "must not be negative")
        : to < 1 || to <= from ? new FieldFault("to", "must be greater than from")
        : null;

    private static void WriteLine(PipeWriter output, byte[] line)
    {
        output.Write(line);
        output.Write("\n"u8);
    }
}
