using System.Diagnostics;
using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Idempotency;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.AspNetCore.Mvc;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>A tenant's audit chain: record, read, head.</summary>
internal static class AuditEndpoints
{
    private const int PageDefault = 100;
    private const int ProofsMax = 100;

    public static void MapAuditing(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}/audit").WithTags("Auditing").TakesTurns();
        group.MapPost("/events", AppendAsync).WithName("RecordEvents").RequireScope(Scopes.AuditWrite)
            .TakesIdempotencyKey()
            .WithMetadata(new RequestSizeLimitAttribute(BodyLimit.BatchBytes))
            .Produces<ReceiptResponse>(201).ProducesProblems(400, 404, 409, 413, 415, 422, 503);
        group.MapGet("/events", ListAsync).WithName("ListEvents").RequireScope(Scopes.AuditRead)
            .Produces<EntriesResponse>().ProducesProblems(400, 404, 503);
        group.MapGet("/events/{seq:long}", GetAsync).WithName("GetEvent").RequireScope(Scopes.AuditRead)
            .Produces<EntryResponse>().ProducesProblems(404, 503);
        group.MapGet("/head", HeadAsync).WithName("GetAuditHead").RequireScope(Scopes.AuditRead)
            .Produces<HeadResponse>().ProducesProblems(404);
        group.MapProofs();
        group.MapExports();
        group.MapCare();
        group.AddEndpointFilter(static async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (ServiceOverloadedException frozen) when (frozen.Reason == AuditOverloads.Frozen)
            {
                return Problems.ChainFrozen();
            }
        });
    }

    /// <summary>Record audit events</summary>
    /// <remarks>
    /// One event, or up to 1,000 in <c>events</c>, which are recorded one after the other, all or none, and answered
    /// with <c>{"items":[…]}</c>. Answers when they are durable. Safe to repeat with an <c>id</c> or an
    /// <c>Idempotency-Key</c>, for 24 h: an event that is recorded already is answered with its place; with another
    /// content, 409 <c>event_id_reused</c> or 422 <c>idempotency_key_reused</c>. With <c>proof=true</c> (at most 100
    /// events) each receipt holds an inclusion proof and a checkpoint; neither while the archive does not answer: then
    /// ask for the proof later.
    /// </remarks>
    internal static async Task<IResult> AppendAsync(
        string tenant, AppendRequest body, bool? proof, TenantDirectory tenants, IGrainFactory grains,
        HttpRequest request)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        IReadOnlyList<AuditEvent> events = [];
        // Beyond the key's claim: a request that is begun again finds the events that it recorded.
        var key = request.HttpContext.Features.Get<IIdempotentRequest>()?.Key.Key;
        if ((AuditEventReader.TryRead(body, key, out events)
            ?? ProofFault(proof, events.Count)) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        if (proof is true)
        {
            // For the archive and a signature, which an append does not wait for.
            WaitingRoute.Mark(request.HttpContext);
        }

        var result = await grains.AuditChain(tenant).AppendAsync(events);
        return result.Outcome switch
        {
            AuditAppendOutcome.Recorded =>
                await ReceiptsAsync(grains, tenant, result, proof is true, body.Events is null),
            AuditAppendOutcome.IdReused => key is not null && AuditEventReader.IsOf(key, result.ReusedId!)
                ? IdempotencyProblems.Of(new IdempotencyRefusal(RefusalKind.KeyReused))
                : Problems.EventIdReused(result.ReusedId!),
            AuditAppendOutcome.Frozen => Problems.ChainFrozen(),
            _ => throw new UnreachableException($"Outcome {result.Outcome}"),
        };
    }

    /// <summary>Read audit events</summary>
    /// <remarks>
    /// In the order of the chain, from <c>from</c> on. <c>actor</c> and <c>resource</c> are <c>type:id</c>, or an id of
    /// any type; <c>since</c> and <c>until</c> are about when they were recorded. Each entry is answered as it is
    /// stored, with its <c>hash</c> behind it. <c>head</c> says what the page is complete up to: with <c>next</c> null,
    /// nothing before <c>head.size</c> is left out but what the tenant's retention has deleted: <c>prunedBefore</c>. A
    /// page may hold fewer than <c>limit</c>, even none, and have a <c>next</c>.
    /// </remarks>
    internal static async Task<IResult> ListAsync(
        string tenant, [AsParameters] EventsQuery query, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (query.TryRead(out var filter) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var (reader, start, count) = (grains.AuditReader(tenant), query.From ?? 0, query.Limit ?? PageDefault);
        var page = filter.IsEmpty
            ? await reader.ReadAsync(start, count)
            : await reader.SearchAsync(filter, start, count);
        return IsDamaged(page, start) ? Problems.ChainFrozen() : new EntriesResult(page, start);
    }

    /// <summary>Read one audit event</summary>
    internal static async Task<IResult> GetAsync(string tenant, long seq, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        var page = seq < 0 ? null : await grains.AuditReader(tenant).ReadAsync(seq, 1);
        return page is null ? Problems.EventNotFound()
            : page.PrunedBefore > seq ? Problems.EventPruned(page.PrunedBefore)
            : page.Entries.Count == 1 ? new EntryResult(page.Entries[0])
            : IsDamaged(page, seq) ? Problems.ChainFrozen()
            : Problems.EventNotFound();
    }

    /// <summary>Whether entries are missing that the chain has: whoever asks for the next page gets this one.</summary>
    private static bool IsDamaged(AuditSearchPage page, long from) =>
        page.Head.IsFrozen && page.Entries.Count == 0 && page.Next == from;

    private static FieldFault? ProofFault(bool? proof, int events) => proof is true && events > ProofsMax
        ? new FieldFault("proof", $"is for up to {ProofsMax} events")
        : null;

    private static async Task<IResult> ReceiptsAsync(
        IGrainFactory grains, string tenant, AuditAppendResult result, bool isProved, bool isOne)
    {
        var receipts = result.Receipts.Select(Receipt).ToList();
        // The last first: its checkpoint is one of all of them.
        for (var i = receipts.Count - 1; isProved && i >= 0; i--)
        {
            var proof = await TryProveAsync(grains, tenant, receipts[i].Seq);
            isProved = proof is not null;
            receipts[i] = receipts[i] with { Proof = proof?.Proof, Checkpoint = proof?.Checkpoint };
        }

        return isOne
            ? TypedResults.Created((string?)null, receipts[0])
            : TypedResults.Created((string?)null, new ReceiptsResponse(receipts));
    }

    /// <summary>What is recorded is recorded, with a proof or without one.</summary>
    private static async Task<ProofResponse?> TryProveAsync(IGrainFactory grains, string tenant, long seq)
    {
        try
        {
            return await grains.AuditReader(tenant).ProveAsync(seq) is { } proof ? ProofResponse.Of(proof) : null;
        }
#pragma warning disable CA1031 // Any failure: answered with it, what is recorded would be taken for not recorded.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    /// <summary>Read the head of the audit chain</summary>
    internal static async Task<IResult> HeadAsync(string tenant, TenantDirectory tenants, IGrainFactory grains) =>
        await tenants.ExistsAsync(tenant)
            ? TypedResults.Ok(Head(await grains.AuditChain(tenant).HeadAsync()))
            : Problems.TenantNotFound();

    internal static HeadResponse Head(AuditHead head) =>
        new() { Size = head.Size, Hash = head.Hash, Root = head.Root, Frozen = head.IsFrozen };

    private static ReceiptResponse Receipt(AuditReceipt receipt) => new()
    {
        Seq = receipt.Seq,
        Id = receipt.Id,
        Hash = receipt.Hash,
        PrevHash = receipt.PrevHash,
        RecordedAt = receipt.RecordedAt,
        TreeSize = receipt.TreeSize,
        Root = receipt.Root,
    };
}
