using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>Keeps the claims of this API's own requests where those of all others are: in the grains.</summary>
internal sealed partial class GrainClaims(
    IGrainFactory grains, TimeProvider time, HttpMetrics metrics, ILogger<GrainClaims> logger) : IIdempotencyClaims
{
    // A cluster that does not answer is not asked for ever more.
    private const int GivingBackMax = 1_000;

    private static readonly TimeSpan GiveBackAgainAfter = TimeSpan.FromSeconds(1);

    private int _givingBack;

    public async Task<ClaimAnswer> BeginAsync(ClaimKey key, ClaimRequest request, CancellationToken cancellation)
    {
        var owner = Guid.NewGuid().ToString("n");
        try
        {
            return Answer(await Key(key).BeginAsync(Call(request, owner)));
        }
        catch (Exception failure) when (!FailureMiddleware.HadNoEffect(failure))
        {
            // The request does not start; a claim that was made all the same would hold the key for nothing.
            GiveBackAsync(key, owner, request.Lease).Ignore();
            throw;
        }
    }

    public async Task<ClaimEnd> CompleteAsync(
        ClaimKey key, long epoch, KeptResponse response, CancellationToken cancellation) =>
        End(await Key(key).CompleteAsync(epoch, new StoredResponse
        {
            Status = response.Status,
            Headers = response.Headers,
            Body = response.Body.ToArray(),
            IsTombstone = response.Tombstone,
        }));

    public async Task<ClaimEnd> ReleaseAsync(ClaimKey key, long epoch, CancellationToken cancellation) =>
        End(await Key(key).ReleaseAsync(epoch));

    public async Task<ClaimEnd> RenewAsync(
        ClaimKey key, long epoch, TimeSpan lease, CancellationToken cancellation) =>
        End(await Key(key).RenewAsync(epoch, lease).WaitAsync(cancellation));

    private static BeginCall Call(ClaimRequest request, string owner) => new()
    {
        Fingerprint = request.Fingerprint,
        Owner = owner,
        Lease = request.Lease,
        Abandoned = request.Abandoned is AbandonedClaim.Retry ? AbandonedPolicy.Retry : AbandonedPolicy.Hold,
        Wait = request.Wait,
    };

    private static ClaimAnswer Answer(BeginResult result) => new()
    {
        State = result.Outcome switch
        {
            BeginOutcome.Started => ClaimState.Started,
            BeginOutcome.Completed => ClaimState.Completed,
            BeginOutcome.Tombstoned => ClaimState.Tombstoned,
            BeginOutcome.InProgress => ClaimState.InProgress,
            BeginOutcome.Unknown => ClaimState.Unknown,
            BeginOutcome.Mismatch => ClaimState.Mismatch,
            _ => throw new UnreachableException($"Outcome {result.Outcome}"),
        },
        Epoch = result.Epoch,
        RetryAfter = result.RetryAfter,
        Response = result.Response is { } kept
            ? new KeptResponse { Status = kept.Status, Headers = kept.Headers, Body = kept.Body }
            : null,
    };

    private async Task GiveBackAsync(ClaimKey key, string owner, TimeSpan lease)
    {
        var isGivenBack = Interlocked.Increment(ref _givingBack) <= GivingBackMax
            && await TryGiveBackAsync(Key(key), owner, lease);
        Interlocked.Decrement(ref _givingBack);
        if (!isGivenBack)
        {
            metrics.ClaimLost();
            LogClaimLost();
        }
    }

    private async Task<bool> TryGiveBackAsync(IdempotencyKeyHandle key, string owner, TimeSpan lease)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < lease;)
        {
            try
            {
                await key.GiveBackAsync(owner);
                return true;
            }
#pragma warning disable CA1031 // Whatever it was: tried again for as long as the claim lasts.
            catch (Exception)
#pragma warning restore CA1031
            {
                await Task.Delay(GiveBackAgainAfter, time);
            }
        }

        return false;
    }

    private static ClaimEnd End(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Done or StepOutcome.Released or StepOutcome.Unknown => ClaimEnd.Done,
        StepOutcome.Stale => ClaimEnd.Stale,
        StepOutcome.Absent => ClaimEnd.Absent,
        _ => throw new UnreachableException($"Outcome {outcome}"),
    };

    private IdempotencyKeyHandle Key(ClaimKey key) => grains.Idempotency(key.Scope!, key.Endpoint, key.Key);

    [LoggerMessage(3002, LogLevel.Warning,
        "A claim of a request to this API whose answer was lost could not be given back; it holds its key until its "
        + "claim has run out, or until an operator or its retention ends that")]
    private partial void LogClaimLost();
}
