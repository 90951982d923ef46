using System.Threading.RateLimiting;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Resilience;

/// <summary>
/// The only way to a store: a place among those on their way, then the circuit, then the call with a deadline, then
/// one exception for every kind of failure.
/// </summary>
internal sealed class StoreGuard(
    string store, StoreGate gate, CircuitBreaker circuit, OverloadOptions options, OverloadMetrics metrics,
    TimeProvider time, Standstill standstill, FailureRules? rules = null) : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly FailureRules _rules = rules ?? FailureRules.Redis;

    /// <summary>Which store.</summary>
    public string Store => store;

    /// <summary>Whether its circuit lets every call through.</summary>
    public bool IsClosed => circuit.Phase is CircuitPhase.Closed;

    /// <summary>How long a call may take.</summary>
    public TimeSpan Deadline => options.StoreDeadline;

    /// <summary>Runs one call. An answer of the store that is an error of the call's own passes as it is.</summary>
    /// <exception cref="ServiceOverloadedException">The store is down or overloaded, or not asked for that reason.
    /// </exception>
    public async Task<T> RunAsync<TState, T>(CallKind kind, TState state, Func<TState, Task<T>> call)
    {
        var place = await gate.EnterAsync();
        if (circuit.TryEnter(out var permit, out var wait))
        {
            return await CallAsync(kind, place, permit, state, call);
        }

        place.Dispose();
        throw new ServiceOverloadedException(_rules.CircuitOpen, Applied.No)
        {
            RetryAfter = wait > RetryAfter ? wait : RetryAfter,
        };
    }

    public void Dispose() => gate.Dispose();

    private async Task<T> CallAsync<TState, T>(
        CallKind kind, RateLimitLease place, CircuitPermit permit, TState state, Func<TState, Task<T>> call)
    {
        Task<T>? running = null;
        var (result, standstills) = (CallResult.Neutral, standstill.Count);
        try
        {
            running = call(state);
            var answer = await running.WaitAsync(options.StoreDeadline, time);
            result = CallResult.Succeeded;
            return answer;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            if (_rules.Classify(failure, kind) is { } known)
            {
                // Where this process stood still, the answer may have been here in time.
                result = standstills == standstill.Count ? known.Result : CallResult.Neutral;
                metrics.StoreFailed(store, known.Reason);
                throw new ServiceOverloadedException(known.Reason, known.Applied, known.Cause ?? failure);
            }

            if (_rules.IsUnknownAnswer(failure))
            {
                metrics.StoreFailed(store, StoreFailure.Unclassified);
                throw;
            }

            // The store answered, and what it said is the caller's.
            result = CallResult.Succeeded;
            throw;
        }
        finally
        {
            circuit.Report(permit, result);
            Leave(place, running);
        }
    }

    /// <summary>What nobody waits for any more is still on its way, and keeps its place until it has ended.</summary>
    private static void Leave(RateLimitLease place, Task? running)
    {
        if (running is null or { IsCompleted: true })
        {
            place.Dispose();
            return;
        }

        running.ContinueWith(
            static (ended, place) =>
            {
                _ = ended.Exception;
                ((RateLimitLease)place!).Dispose();
            },
            place, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
