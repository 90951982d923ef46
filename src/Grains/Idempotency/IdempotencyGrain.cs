using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Idempotency;

/// <summary>
/// Runs <see cref="IdempotencyKey"/> for the keys of one lane. The store compares, so a second activation does no harm;
/// this one lets those wait who come while a key's request is running.
/// </summary>
[GrainType("idempotency"), Orleans.Concurrency.Reentrant]
internal sealed partial class IdempotencyGrain(
    IIdempotencyStore store, IOptions<IdempotencyOptions> options, IdempotencyMetrics metrics, TimeProvider time,
    ILogger<IdempotencyGrain> logger) : Grain, IIdempotencyGrain
{
    /// <summary>An end that another activation saw is noticed within this.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan GiveBackAgainAfter = TimeSpan.FromSeconds(1);

    private readonly WaitingRoom _waiting = new();

    public async Task<BeginResult> BeginAsync(string name, BeginCall asked) =>
        Began(await TryBeginAsync(name, asked));

    public async Task<BeginResult> BeginWaitingAsync(string name, BeginCall asked) => Began(
        _waiting.IsFull ? await TryBeginAsync(name, asked) : await WaitAsync(name, asked));

    public async Task<StepOutcome> CompleteAsync(string name, long epoch, StoredResponse response)
    {
        var (state, kept) = IdempotencyKey.Keep(response);
        var outcome = await store.EndAsync(name, epoch, state, kept, options.Value.Retention);
        return Ended(name, "complete", IdempotencyKey.Ended(outcome, state));
    }

    public async Task<StepOutcome> ReleaseAsync(string name, long epoch) => Ended(name, "release", await store.EndAsync(
        name, epoch, KeyState.Released, new StoredResponse { Status = 0 }, options.Value.Retention));

    public async Task<StepOutcome> GiveBackAsync(string name, string owner) =>
        Ended(name, "release", await store.ReleaseAsync(name, owner, options.Value.Retention));

    public async Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease)
    {
        var outcome = await store.RenewAsync(name, epoch, lease, options.Value.Retention);
        metrics.Stepped("renew", outcome);
        return outcome;
    }

    public async Task<IdempotencyEntry?> GetAsync(string name) => await store.ReadAsync(name) is { } stored
        ? new IdempotencyEntry
        {
            State = IdempotencyKey.Word(stored.State),
            Epoch = stored.Epoch,
            Fingerprint = stored.Fingerprint,
            LeaseLeft = stored.LeaseLeft,
            Status = stored.Response?.Status ?? 0,
        }
        : null;

    private BeginResult Began((BeginResult Result, bool IsLegacy) begun)
    {
        var (result, isLegacy) = begun;
        if (isLegacy)
        {
            metrics.LegacyHit();
        }

        metrics.Began(result.Outcome);
        return result;
    }

    private async Task<(BeginResult Result, bool IsLegacy)> WaitAsync(string name, BeginCall call)
    {
        var (began, isLegacy) = (time.GetTimestamp(), false);
        using var place = _waiting.Enter(name);
        while (true)
        {
            // Before the store is asked: an end in between is not missed.
            var ended = place.Ended;
            var (result, isFoundThere) = await TryBeginAsync(name, call);
            isLegacy |= isFoundThere;
            var left = call.Wait - time.GetElapsedTime(began);
            if (result.Outcome is not BeginOutcome.InProgress || left <= TimeSpan.Zero)
            {
                return (result, isLegacy);
            }

            await ended.WaitAsync(left < LookAgainAfter ? left : LookAgainAfter, time).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task<(BeginResult Result, bool IsLegacy)> TryBeginAsync(string name, BeginCall call)
    {
        try
        {
            var begun = await store.BeginAsync(name, call, options.Value.Retention);
            return (begun.Stored is { } stored
                ? IdempotencyKey.Answer(stored, call.Fingerprint)
                : new BeginResult { Outcome = BeginOutcome.Started, Epoch = begun.Epoch!.Value }, begun.IsLegacy);
        }
        catch (ServiceOverloadedException failure) when (failure.Applied is Applied.Unknown && !call.IsRepeated)
        {
            // The caller does not start anything; a claim that was made all the same would hold the key for nothing.
            GiveBackAsync(name, call).Ignore();
            throw new ServiceOverloadedException(failure.Reason, Applied.No, failure)
            {
                RetryAfter = failure.RetryAfter,
            };
        }
    }

    private async Task GiveBackAsync(string name, BeginCall call)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < call.Lease)
        {
            await Task.Delay(GiveBackAgainAfter, time);
            try
            {
                await store.ReleaseAsync(name, call.Owner, options.Value.Retention);
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

    private StepOutcome Ended(string name, string step, StepOutcome outcome)
    {
        metrics.Stepped(step, outcome);
        _waiting.Call(name);
        return outcome;
    }

    [LoggerMessage(3001, LogLevel.Warning,
        "A claim of an idempotency key whose answer was lost could not be given back; it holds its key until an " +
        "operator or its retention ends that")]
    private partial void LogClaimLost();
}
