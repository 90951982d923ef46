using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Idempotency;

/// <summary>
/// Runs <see cref="IdempotencyKey"/> for one key. The store compares, so a second activation does no harm; this one
/// lets those wait who come while the key's request is running.
/// </summary>
[GrainType("idempotency"), Orleans.Concurrency.Reentrant]
internal sealed partial class IdempotencyGrain(
    IIdempotencyStore store, IOptions<IdempotencyOptions> options, IdempotencyMetrics metrics, TimeProvider time,
    ILogger<IdempotencyGrain> logger) : Grain, IIdempotencyGrain
{
    /// <summary>An end that another activation saw is noticed within this.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan GiveBackAgainAfter = TimeSpan.FromSeconds(1);

    private TaskCompletionSource _ended = NewSignal();

    private string Name => this.GetPrimaryKeyString();

    public async Task<BeginResult> BeginAsync(BeginCall asked)
    {
        var began = time.GetTimestamp();
        var isLegacy = false;
        while (true)
        {
            var ended = _ended.Task;
            var begun = await TryBeginAsync(asked);
            if (begun.IsLegacy && !isLegacy)
            {
                // Once, however often a call that waits looks again.
                isLegacy = true;
                metrics.LegacyHit();
            }

            var result = begun.Stored is { } stored
                ? IdempotencyKey.Answer(stored, asked.Fingerprint)
                : new BeginResult { Outcome = BeginOutcome.Started, Epoch = begun.Epoch!.Value };
            var left = asked.Wait - time.GetElapsedTime(began);
            if (result.Outcome is not BeginOutcome.InProgress || left <= TimeSpan.Zero)
            {
                metrics.Began(result.Outcome);
                return result;
            }

            await ended.WaitAsync(left < LookAgainAfter ? left : LookAgainAfter, time).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    public async Task<StepOutcome> CompleteAsync(long epoch, StoredResponse response)
    {
        var (state, kept) = IdempotencyKey.Keep(response);
        var outcome = await store.EndAsync(Name, epoch, state, kept, options.Value.Retention);
        outcome = (outcome, state) switch
        {
            (StepOutcome.Done, KeyState.Released) => StepOutcome.Released,
            (StepOutcome.Done, KeyState.Unknown) => StepOutcome.Unknown,
            _ => outcome,
        };
        return Ended("complete", outcome);
    }

    public async Task<StepOutcome> ReleaseAsync(long epoch) => Ended("release", await store.EndAsync(
        Name, epoch, KeyState.Released, new StoredResponse { Status = 0 }, options.Value.Retention));

    public async Task<StepOutcome> GiveBackAsync(string owner) =>
        Ended("release", await store.ReleaseAsync(Name, owner, options.Value.Retention));

    public async Task<StepOutcome> RenewAsync(long epoch, TimeSpan lease)
    {
        var outcome = await store.RenewAsync(Name, epoch, lease, options.Value.Retention);
        metrics.Stepped("renew", outcome);
        return outcome;
    }

    public async Task<IdempotencyEntry?> GetAsync() => await store.ReadAsync(Name) is { } stored
        ? new IdempotencyEntry
        {
            State = RedisIdempotencyStore.Word(stored.State),
            Epoch = stored.Epoch,
            Fingerprint = stored.Fingerprint,
            LeaseLeft = stored.LeaseLeft,
            Status = stored.Response?.Status ?? 0,
        }
        : null;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<Begun> TryBeginAsync(BeginCall call)
    {
        try
        {
            return await store.BeginAsync(Name, call, options.Value.Retention);
        }
        catch (ServiceOverloadedException failure) when (failure.Applied is Applied.Unknown && !call.IsRepeated)
        {
            // The caller does not start anything; a claim that was made all the same would hold the key for nothing.
            GiveBackAsync(call).Ignore();
            throw new ServiceOverloadedException(failure.Reason, Applied.No, failure)
            {
                RetryAfter = failure.RetryAfter,
            };
        }
    }

    private async Task GiveBackAsync(BeginCall call)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < call.Lease)
        {
            await Task.Delay(GiveBackAgainAfter, time);
            try
            {
                await store.ReleaseAsync(Name, call.Owner, options.Value.Retention);
                return;
            }
            catch (ServiceOverloadedException)
            {
                // Tried again for as long as the claim lasts.
            }
        }

        metrics.ClaimLost();
        LogClaimLost();
    }

    private StepOutcome Ended(string step, StepOutcome outcome)
    {
        metrics.Stepped(step, outcome);
        _ended.TrySetResult();
        _ended = NewSignal();
        return outcome;
    }

    [LoggerMessage(3001, LogLevel.Warning,
        "A claim of an idempotency key whose answer was lost could not be given back; it holds its key until an " +
        "operator or its retention ends that")]
    private partial void LogClaimLost();
}
