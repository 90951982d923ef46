using System.Diagnostics;
using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.AspNetCore.Mvc;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>A tenant's audit chain: record, read, head.</summary>
internal static class AuditEndpoints
{
    private const int PageDefault = 100;

    public static void MapAuditing(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/tenants/{tenant}/audit").WithTags("Auditing").TakesTurns();
        group.MapPost("/events", AppendAsync).WithName("RecordEvents").RequireScope(Scopes.AuditWrite)
            .WithMetadata(new RequestSizeLimitAttribute(BodyLimit.BatchBytes))
            .Produces<ReceiptResponse>(201).ProducesProblems(400, 404, 409, 413, 415, 503);
        group.MapGet("/events", ListAsync).WithName("ListEvents").RequireScope(Scopes.AuditRead)
            .Produces<EntriesResponse>().ProducesProblems(400, 404, 503);
        group.MapGet("/events/{seq:long}", GetAsync).WithName("GetEvent").RequireScope(Scopes.AuditRead)
            .Produces<EntryResponse>().ProducesProblems(404, 503);
        group.MapGet("/head", HeadAsync).WithName("GetAuditHead").RequireScope(Scopes.AuditRead)
            .Produces<HeadResponse>().ProducesProblems(404);
    }

    /// <summary>Record audit events</summary>
    /// <remarks>
    /// One event, or up to 1,000 in <c>events</c>, which are recorded one after the other, all or none, and answered
    /// with <c>{"items":[…]}</c>. Answers when they are durable. Safe to repeat with an <c>id</c>: an event that is
    /// recorded already is answered with its place; with another content, 409 <c>event_id_reused</c>.
    /// </remarks>
    internal static async Task<IResult> AppendAsync(
        string tenant, AppendRequest body, TenantDirectory tenants, IGrainFactory grains)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        if (AuditEventReader.TryRead(body, out var events) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var result = await grains.AuditChain(tenant).AppendAsync(events);
        return result.Outcome switch
        {
            AuditAppendOutcome.Recorded when body.Events is null =>
                TypedResults.Created((string?)null, Receipt(result.Receipts[0])),
            AuditAppendOutcome.Recorded =>
                TypedResults.Created((string?)null, new ReceiptsResponse([.. result.Receipts.Select(Receipt)])),
            AuditAppendOutcome.IdReused => Problems.EventIdReused(result.ReusedId!),
            AuditAppendOutcome.Frozen => Problems.ChainFrozen(),
            _ => throw new UnreachableException($"Outcome {result.Outcome}"),
        };
    }

    /// <summary>Read audit events</summary>
    /// <remarks>
    /// In the order of the chain, from <c>from</c> on. Each entry is answered as it is stored, with its <c>hash</c>
    /// behind it. <c>head</c> says what the page is complete up to.
    /// </remarks>
    internal static async Task<IResult> ListAsync(
        string tenant, long? from, int? limit, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        if (from < 0)
        {
            return Problems.Invalid("from", "must not be negative");
        }

        var (start, count) = (from ?? 0, limit ?? PageDefault);
        if (count is < 1 or > Pages.LimitMax)
        {
            return Problems.Invalid("limit", $"must be between 1 and {Pages.LimitMax}");
        }

        var page = await grains.AuditChain(tenant).ReadAsync(start, count);
        return IsDamaged(page, start) ? Problems.ChainFrozen() : new EntriesResult(page, start);
    }

    /// <summary>Read one audit event</summary>
    internal static async Task<IResult> GetAsync(string tenant, long seq, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        var page = seq < 0 ? null : await grains.AuditChain(tenant).ReadAsync(seq, 1);
        return page is { Entries.Count: 1 } ? new EntryResult(page.Entries[0])
            : page is not null && IsDamaged(page, seq) ? Problems.ChainFrozen()
            : Problems.EventNotFound();
    }

    /// <summary>Whether entries are missing that the chain has.</summary>
    private static bool IsDamaged(AuditPage page, long from) =>
        page.Head.IsFrozen && page.Entries.Count == 0 && from < page.Head.Size;

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
