using System.Diagnostics;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>Keeps the claims of this API's own requests where those of all others are: in the grains.</summary>
internal sealed class GrainClaims(IGrainFactory grains) : IIdempotencyClaims
{
    public async Task<ClaimAnswer> BeginAsync(ClaimKey key, ClaimRequest request, CancellationToken cancellation)
    {
        var result = await Key(key).BeginAsync(new BeginCall
        {
            Fingerprint = request.Fingerprint,
            Owner = Guid.NewGuid().ToString("n"),
            Lease = request.Lease,
            Abandoned = request.Abandoned is AbandonedClaim.Retry ? AbandonedPolicy.Retry : AbandonedPolicy.Hold,
            Wait = request.Wait,
        });
        return new ClaimAnswer
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

    private static ClaimEnd End(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Done or StepOutcome.Released or StepOutcome.Unknown => ClaimEnd.Done,
        StepOutcome.Stale => ClaimEnd.Stale,
        StepOutcome.Absent => ClaimEnd.Absent,
        _ => throw new UnreachableException($"Outcome {outcome}"),
    };

    private IdempotencyKeyHandle Key(ClaimKey key) => grains.Idempotency(key.Scope!, key.Endpoint, key.Key);
}
