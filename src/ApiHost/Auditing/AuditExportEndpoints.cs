using System.Buffers;
using System.Globalization;
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
    private const int PartMax = 1_000;

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
    /// NDJSON: a manifest, then each entry as it is stored (docs/audit.md). It can be verified offline, with nothing but
    /// the tenant's key set. An export that is cut off is noticed: the manifest counts the entries.
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
        if (await reader.ExportAsync(from ?? 0, to) is not { } export)
        {
            return Problems.EventNotFound();
        }

        var response = context.Response;
        response.ContentType = "application/x-ndjson";
        response.Headers.ContentDisposition = string.Create(
            CultureInfo.InvariantCulture, $"attachment; filename=\"{tenant}-{export.From}-{export.To}.ndjson\"");
        await WriteAsync(response, export.Manifest);
        for (var next = export.From; next < export.To;)
        {
            var page = await reader.ReadAsync(next, (int)Math.Min(PartMax, export.To - next));
            if (page.Entries.Count == 0)
            {
                // Its reader counts the entries; it must not be taken for a whole one on the way either.
                context.Abort();
                break;
            }

            foreach (var entry in page.Entries)
            {
                await WriteAsync(response, entry);
            }

            next += page.Entries.Count;
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }

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

        var last = request.Headers["Last-Event-ID"].ToString();
        var seen = -1L;
        if (last.Length > 0 && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out seen))
        {
            return Problems.Invalid("Last-Event-ID", "must be the id of an event of this stream");
        }

        var next = last.Length > 0 ? seen + 1 : from ?? (await grains.AuditChain(tenant).HeadAsync()).Size;
        return tails.Follow(tenant, next) is { } tail ? tail : Problems.TooManyTails();
    }

    private static FieldFault? RangeFault(long? from, long? to) =>
        from < 0 ? new FieldFault("from", "must not be negative")
        : to < 1 || to <= from ? new FieldFault("to", "must be greater than from")
        : null;

    private static async ValueTask WriteAsync(HttpResponse response, byte[] line)
    {
        // Into the connection's buffer; a reader that is slow is waited for once that is full.
        response.BodyWriter.Write(line);
        response.BodyWriter.Write("\n"u8);
        if (response.BodyWriter.UnflushedBytes > 64 * 1024)
        {
            await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
        }
    }
}
