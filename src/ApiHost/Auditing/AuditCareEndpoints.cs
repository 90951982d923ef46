using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.OpenApi;
using Gatehouse.ApiHost.Tenants;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>What operators do with a chain: look at its stores, repair it, set how long it is kept.</summary>
internal static class AuditCareEndpoints
{
    private static readonly TimeSpan KeepForMin = TimeSpan.FromDays(1);
    private static readonly TimeSpan KeepForMax = TimeSpan.FromDays(36_500);

    public static void MapCare(this RouteGroupBuilder group)
    {
        group.MapGet("/state", StateAsync).WithName("GetChainState").RequireAdmin()
            .Produces<ChainStateResponse>().ProducesProblems(404);
        group.MapPost("/repair", RepairAsync).WithName("RepairChain").RequireAdmin()
            .TakesIdempotencyKeyOnce()
            .Produces<RepairResponse>().ProducesProblems(400, 404, 409, 413, 415);
        group.MapGet("/retention", RetentionAsync).WithName("GetRetention").RequireAdmin()
            .Produces<RetentionDocument>().ProducesProblems(404);
        group.MapPut("/retention", SetRetentionAsync).WithName("PutRetention").RequireAdmin()
            .TakesIdempotencyKey()
            .Produces<RetentionDocument>().ProducesProblems(400, 404, 413, 415, 503);
    }

    /// <summary>Look at an audit chain's stores</summary>
    /// <remarks>What the regional store and the archive hold, and why the chain is frozen if it is.</remarks>
    internal static async Task<IResult> StateAsync(string tenant, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        var state = await grains.AuditChain(tenant).StateAsync();
        return TypedResults.Ok(new ChainStateResponse
        {
            Head = AuditEndpoints.Head(state.Head),
            Fault = state.Fault,
            HeldFrom = state.HeldFrom,
            Archived = state.Archived,
            PrunedBefore = state.PrunedBefore,
            SignedSize = state.Checkpoint?.Size,
            SignedAt = state.Checkpoint?.SignedAt,
        });
    }

    /// <summary>Let a frozen audit chain go on</summary>
    /// <remarks>
    /// As the regional store holds it where everything follows, else as it is archived; the archive holds everything
    /// that was ever signed. Entries that only the regional store has are given up only with <c>giveUpFrom</c>: 409
    /// <c>would_give_up</c> says how many there are, and what to send. What was done is recorded in the chain. Safe to
    /// repeat.
    /// </remarks>
    internal static async Task<IResult> RepairAsync(
        string tenant, RepairRequest body, TenantDirectory tenants, IGrainFactory grains)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        if (body.GiveUpFrom < 0)
        {
            return Problems.Invalid("giveUpFrom", "must not be negative");
        }

        var repair = await grains.AuditChain(tenant).RepairAsync(body.GiveUpFrom);
        return repair.Outcome switch
        {
            AuditRepairOutcome.WouldGiveUp => Problems.WouldGiveUp(repair.Size, repair.GivenUp),
            AuditRepairOutcome.WouldContradict => Problems.WouldContradict(repair.SignedSize, repair.Size),
            _ => TypedResults.Ok(new RepairResponse
            {
                Outcome = repair.Outcome switch
                {
                    AuditRepairOutcome.Sound => "sound",
                    AuditRepairOutcome.Continued => "continued",
                    _ => "restored",
                },
                Size = repair.Size,
                GivenUp = repair.GivenUp,
                Fault = repair.Fault,
            }),
        };
    }

    /// <summary>Read how long audit events are kept</summary>
    internal static async Task<IResult> RetentionAsync(string tenant, TenantDirectory tenants, IGrainFactory grains)
    {
        if (!await tenants.ExistsAsync(tenant))
        {
            return Problems.TenantNotFound();
        }

        return (await grains.AuditChain(tenant).StateAsync()).Retention is { } kept
            ? TypedResults.Ok(Document(kept))
            : Problems.Overloaded(
                "archive_unavailable", Grains.Abstractions.Resilience.Applied.No, TimeSpan.FromSeconds(5));
    }

    /// <summary>Set how long audit events are kept</summary>
    /// <remarks>
    /// Whole segments of 4,096 entries are deleted once the last of them is older; a record of it is signed first.
    /// Their hashes stay, so that every proof still holds. Under a legal hold nothing is deleted. Each change is
    /// recorded in the chain. What is left out is set to its default.
    /// </remarks>
    internal static async Task<IResult> SetRetentionAsync(
        string tenant, RetentionDocument body, TenantDirectory tenants, IGrainFactory grains)
    {
        if (await tenants.UnusableAsync(tenant) is { } unusable)
        {
            return unusable;
        }

        if (body.KeepFor is { } keepFor && (keepFor < KeepForMin || keepFor > KeepForMax || keepFor.Microseconds != 0
            || keepFor.Nanoseconds != 0))
        {
            return Problems.Invalid(
                "keepFor", "must be between 1.00:00:00 and 36500.00:00:00, in whole milliseconds");
        }

        if (FreeText.Fault("holdReason", body.HoldReason, 256) is { } fault)
        {
            return Problems.Invalid([fault]);
        }

        var retention = new AuditRetention(body.KeepFor, body.LegalHold, body.HoldReason);
        return await grains.AuditChain(tenant).SetRetentionAsync(retention)
            ? TypedResults.Ok(Document(retention))
            : Problems.ChainFrozen();
    }

    private static RetentionDocument Document(AuditRetention retention) => new()
    {
        KeepFor = retention.KeepFor,
        LegalHold = retention.IsHeld,
        HoldReason = retention.HoldReason,
    };
}
