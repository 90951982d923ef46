using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>What proves a chain to others: checkpoints, proofs, tiles.</summary>
internal static class AuditProofEndpoints
{
    private const string Immutable = "public, max-age=31536000, immutable";
    private const string Private = "private, max-age=31536000, immutable";
    private const string Short = "public, max-age=2";

    public static void MapProofs(this RouteGroupBuilder group)
    {
        group.MapGet("/checkpoint", CheckpointAsync).WithName("GetCheckpoint").AllowAnyone()
            .Produces<string>(200, "text/plain").Produces<ProblemResponse>(404, "application/problem+json");
        group.MapGet("/events/{seq:long}/proof", ProofAsync).WithName("GetProof").RequireScope(Scopes.AuditRead).Waits()
            .Produces<ProofResponse>(200, "application/json", "text/plain").ProducesProblems(404, 503);
        group.MapGet("/consistency", ConsistencyAsync).WithName("GetConsistency").RequireScope(Scopes.AuditRead).Waits()
            .Produces<ConsistencyResponse>().ProducesProblems(400, 404, 503);
        group.MapGet("/tile/{level}/{**index}", TileAsync).WithName("GetTile").AllowAnyone()
            .Produces<byte[]>(200, "application/octet-stream")
            .Produces<ProblemResponse>(404, "application/problem+json");
        group.MapGet("/tile/entries/{**index}", BundleAsync).WithName("GetEntryBundle").RequireScope(Scopes.AuditRead)
            .Does(RouteClass.Export).Waits()
            .Produces<byte[]>(200, "application/octet-stream").ProducesProblems(404, 503);
    }

    /// <summary>Read the last checkpoint</summary>
    /// <remarks>
    /// The signed head of the chain (C2SP tlog-checkpoint, signed-note), for anybody. The keys are in
    /// <c>/v1/tenants/{tenant}/keys/jwks.json</c>. By default it is renewed 10 s after an event, and every hour
    /// while there are none: one that is older says that something is wrong. A tenant that does not exist has none.
    /// </remarks>
    internal static async Task<IResult> CheckpointAsync(
        string tenant, TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        if (!await tenants.IsKnownAsync(tenant, context)
            || await grains.AuditReader(tenant).CheckpointAsync() is not { } last)
        {
            return Problems.CheckpointNotFound();
        }

        context.Response.Headers.CacheControl = Short;
        return TypedResults.Text(last.Note, "text/plain; charset=utf-8");
    }

    /// <summary>Prove that an event is in the chain</summary>
    /// <remarks>
    /// An inclusion proof (RFC 6962, section 2.1.1) for the tree of a checkpoint, which is signed now where the last
    /// one is older than the event. With <c>Accept: text/plain</c> as C2SP tlog-proof: a receipt that is complete in
    /// itself.
    /// </remarks>
    internal static async Task<IResult> ProofAsync(
        string tenant, long seq, TenantDirectory tenants, IGrainFactory grains, HttpRequest request)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        // A tree has one leaf more than the place of its last one says.
        var proof = seq is < 0 or long.MaxValue ? null : await grains.AuditReader(tenant).ProveAsync(seq);
        request.HttpContext.Response.Headers.Vary = HeaderNames.Accept;
        return proof is null ? Problems.EventNotFound()
            : WantsText(request) ? TypedResults.Text(Receipt(proof), "text/plain; charset=utf-8")
            : TypedResults.Ok(ProofResponse.Of(proof));
    }

    /// <summary>Prove that the chain was only added to</summary>
    /// <remarks>
    /// A consistency proof (RFC 6962, section 2.1.2): the tree of <c>second</c> entries (default: the last
    /// checkpoint's) begins with the one of <c>first</c>.
    /// </remarks>
    internal static async Task<IResult> ConsistencyAsync(
        string tenant, long? first, long? second, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (first is not >= 0)
        {
            return Problems.Invalid("first", first is null ? "is required" : "must not be negative");
        }

        if (second < first)
        {
            return Problems.Invalid("second", "must not be less than first");
        }

        var proof = await grains.AuditReader(tenant).ProveConsistencyAsync(first.Value, second);
        return proof is null ? Problems.EventNotFound() : TypedResults.Ok(ConsistencyResponse.Of(proof));
    }

    /// <summary>Read a tile of the chain's tree</summary>
    /// <remarks>
    /// C2SP tlog-tiles: up to 256 hashes of 32 bytes, at <c>tile/{level}/{index}[.p/{width}]</c> with an index such as
    /// <c>x001/234</c>. For anybody: the hashes tell nothing of what was recorded.
    /// </remarks>
    internal static async Task<IResult> TileAsync(
        string tenant, string level, string? index, TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        if (!TilePath.TryParseLevel(level, out var height) || !TilePath.TryParse(index, out var tile)
            || !await tenants.IsKnownAsync(tenant, context)
            || await grains.AuditReader(tenant).TileAsync(height, tile.Index, tile.Width) is not { } hashes)
        {
            return Problems.TileNotFound();
        }

        context.Response.Headers.CacheControl = Immutable;
        return TypedResults.Bytes(hashes, "application/octet-stream");
    }

    /// <summary>Read the entries of a tile</summary>
    /// <remarks>
    /// C2SP tlog-tiles: up to 256 entries as they are stored, each behind its length, two bytes, big-endian.
    /// </remarks>
    internal static async Task<IResult> BundleAsync(
        string tenant, string? index, TenantDirectory tenants, IGrainFactory grains, HttpContext context)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        var reader = grains.AuditReader(tenant);
        // Not beyond the last checkpoint: what is cached for ever has to be signed.
        if (!TilePath.TryParse(index, out var tile) || await reader.TileAsync(0, tile.Index, tile.Width) is null)
        {
            return Problems.TileNotFound();
        }

        var (from, to) = (tile.Index * TilePath.WidthMax, (tile.Index * TilePath.WidthMax) + tile.Width);
        var first = await EntryStream.BeginAsync(reader, from, to);
        if (first.PrunedBefore > from)
        {
            return Problems.EventPruned(first.PrunedBefore);
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.CacheControl = Private;
        await EntryStream.SendAsync(context, reader, first, (from, to), WriteBehindLength);
        return TypedResults.Empty;
    }

    private static void WriteBehindLength(PipeWriter output, byte[] entry)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(sizeof(ushort)), checked((ushort)entry.Length));
        output.Advance(sizeof(ushort));
        output.Write(entry);
    }

    /// <summary>What is asked for first; anything goes for JSON.</summary>
    private static bool WantsText(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(static media => media.Quality ?? 1)
        .FirstOrDefault(static media => media.MatchesMediaType("text/plain")
            || media.MatchesMediaType("application/json"))
        is { MatchesAllTypes: false, Quality: not 0 } first && first.MatchesMediaType("text/plain");

    private static string Receipt(AuditProof proof) => new TlogProof
    {
        Index = proof.Seq,
        Hashes = proof.Hashes,
        Checkpoint = SignedNote.Read(proof.Checkpoint.Note),
    }.ToString();
}
