using System.Buffers.Binary;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>What proves a chain to others: checkpoints, proofs, tiles.</summary>
internal static class AuditProofEndpoints
{
    private const string Immutable = "public, max-age=31536000, immutable";
    private const string Short = "public, max-age=2";

    public static void MapProofs(this RouteGroupBuilder group)
    {
        group.MapGet("/checkpoint", CheckpointAsync).WithName("GetCheckpoint").AllowAnyone()
            .Produces<string>(200, "text/plain").ProducesProblems(404);
        group.MapGet("/events/{seq:long}/proof", ProofAsync).WithName("GetProof").RequireScope(Scopes.AuditRead)
            .Produces<ProofResponse>().ProducesProblems(404, 503);
        group.MapGet("/consistency", ConsistencyAsync).WithName("GetConsistency").RequireScope(Scopes.AuditRead)
            .Produces<ConsistencyResponse>().ProducesProblems(400, 404, 503);
        group.MapGet("/tile/{level:int}/{**index}", TileAsync).WithName("GetTile").AllowAnyone()
            .Produces<byte[]>(200, "application/octet-stream").ProducesProblems(404);
        group.MapGet("/tile/entries/{**index}", BundleAsync).WithName("GetEntryBundle").RequireScope(Scopes.AuditRead)
            .Produces<byte[]>(200, "application/octet-stream").ProducesProblems(404);
    }

    /// <summary>Read the last checkpoint</summary>
    /// <remarks>
    /// The signed head of the chain (C2SP tlog-checkpoint, signed-note), for anybody. The keys are in
    /// <c>/v1/tenants/{tenant}/keys/jwks.json</c>. It is renewed 10 s after an event, and every hour while there are
    /// none: one that is older says that something is wrong.
    /// </remarks>
    internal static async Task<IResult> CheckpointAsync(string tenant, IGrainFactory grains, HttpResponse response)
    {
        // Whether the tenant exists is nobody's business here.
        if (!TenantNames.IsTenant(tenant) || await grains.AuditReader(tenant).CheckpointAsync() is not { } last)
        {
            return Problems.CheckpointNotFound();
        }

        response.Headers.CacheControl = Short;
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

        var proof = seq < 0 ? null : await grains.AuditReader(tenant).ProveAsync(seq);
        return proof is null ? Problems.EventNotFound()
            : request.Headers.Accept.ToString().StartsWith("text/plain", StringComparison.OrdinalIgnoreCase)
                ? TypedResults.Text(Receipt(proof), "text/plain; charset=utf-8")
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
        string tenant, int level, string index, IGrainFactory grains, HttpResponse response)
    {
        if (!TenantNames.IsTenant(tenant) || level is < 0 or > 63 || !TilePath.TryParse(index, out var tile)
            || await grains.AuditReader(tenant).TileAsync(level, tile.Index, tile.Width) is not { } hashes)
        {
            return Problems.TileNotFound();
        }

        response.Headers.CacheControl = Immutable;
        return TypedResults.Bytes(hashes, "application/octet-stream");
    }

    /// <summary>Read the entries of a tile</summary>
    /// <remarks>
    /// C2SP tlog-tiles: up to 256 entries as they are stored, each behind its length, two bytes, big-endian.
    /// </remarks>
    internal static async Task<IResult> BundleAsync(
        string tenant, string index, TenantDirectory tenants, IGrainFactory grains, HttpResponse response)
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

        var bundle = new MemoryStream();
        var length = new byte[sizeof(ushort)];
        for (var read = 0; read < tile.Width;)
        {
            var page = await reader.ReadAsync((tile.Index * TilePath.WidthMax) + read, tile.Width - read);
            if (page.Entries.Count == 0 || page.PrunedBefore > tile.Index * TilePath.WidthMax)
            {
                return Problems.TileNotFound();
            }

            foreach (var entry in page.Entries)
            {
                BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)entry.Length));
                bundle.Write(length);
                bundle.Write(entry);
            }

            read += page.Entries.Count;
        }

        response.Headers.CacheControl = Immutable.Replace("public", "private", StringComparison.Ordinal);
        return TypedResults.Bytes(bundle.ToArray(), "application/octet-stream");
    }

    private static string Receipt(AuditProof proof) => new TlogProof
    {
        Index = proof.Seq,
        Hashes = proof.Hashes,
        Checkpoint = SignedNote.Read(proof.Checkpoint.Note),
    }.ToString();
}
