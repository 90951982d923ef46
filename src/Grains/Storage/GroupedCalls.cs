using System.Diagnostics;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// Sends many callers' calls to a store as few: what comes while a group is under way goes out with the next. Nobody
/// waits for others to come: a call that comes alone goes out alone, at once. A group that is answered with an error is
/// sent again one by one, so that what one call did wrong is not the others': calls have to be safe to repeat.
/// </summary>
/// <param name="send">Sends a group; one answer for each call, in their order.</param>
/// <param name="callsMax">How many calls a group holds at most.</param>
/// <param name="waitMax">How long a call waits to be sent; one that has waited for longer is not sent.</param>
/// <param name="time">The clock.</param>
internal sealed class GroupedCalls<TCall, TAnswer>(
    Func<IReadOnlyList<TCall>, Task<TAnswer[]>> send, int callsMax, TimeSpan waitMax, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = new();
    private bool _isUnderWay;

    /// <summary>The answer to one call.</summary>
    /// <exception cref="ServiceOverloadedException">
    /// Its group failed: what it says of that; or it was not sent, because one before it failed or took too long.
    /// </exception>
    public Task<TAnswer> AddAsync(TCall call)
    {
        var waiting = new Waiting(call, time.GetTimestamp());
        lock (_lock)
        {
            _waiting.Enqueue(waiting);
            if (_isUnderWay)
            {
                return waiting.Task;
            }

            _isUnderWay = true;
        }

        // Not on the scheduler of the grain that calls: others' calls would wait for that grain.
        ThreadPool.UnsafeQueueUserWorkItem(static calls => calls.SendAllAsync().Ignore(), this, preferLocal: true);
        return waiting.Task;
    }

    private async Task SendAllAsync()
    {
        while (Take() is { } group)
        {
            if (await TrySendAsync(group) || group.Length == 1)
            {
                continue;
            }

            foreach (var one in group)
            {
                await TrySendAsync([one]);
            }
        }
    }

    /// <summary>False: the answer is an error. Of that callers have heard only where it can be nobody else's.</summary>
    private async Task<bool> TrySendAsync(Waiting[] group)
    {
        try
        {
            // The group is a part of the trace of the one who waited longest; the others' only have their own wait.
            StoreCalls.Continue(group[0].Caller);
            var answers = await send(Array.ConvertAll(group, static waiting => waiting.Call));
            for (var i = 0; i < group.Length; i++)
            {
                // Again, where a group was answered in part.
                group[i].TrySetResult(answers[i]);
            }

            return true;
        }
        catch (ServiceOverloadedException overload)
        {
            Fail(group, overload);
            return true;
        }
#pragma warning disable CA1031 // Whatever it was, it is the callers': nobody else hears of it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (group is [var one])
            {
                one.TrySetException(failure);
            }

            return false;
        }
    }

    private Waiting[]? Take()
    {
        lock (_lock)
        {
            while (_waiting.TryPeek(out var late) && time.GetElapsedTime(late.Since) > waitMax)
            {
                _waiting.Dequeue().TrySetException(new ServiceOverloadedException(StoreGate.Reason, Applied.No));
            }

            if (_waiting.Count == 0)
            {
                _isUnderWay = false;
                return null;
            }

            var group = new Waiting[Math.Min(callsMax, _waiting.Count)];
            for (var i = 0; i < group.Length; i++)
            {
                group[i] = _waiting.Dequeue();
            }

            return group;
        }
    }

    /// <summary>Each gets an exception of its own: it is thrown in many places at once.</summary>
    private void Fail(Waiting[] group, ServiceOverloadedException overload)
    {
        Array.ForEach(group, waiting => waiting.TrySetException(Copy(overload, overload.Applied)));
        // A store that is gone takes its time to say so. They would wait that long each, one group after the other.
        Waiting[] others;
        lock (_lock)
        {
            others = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(others, waiting => waiting.TrySetException(Copy(overload, Applied.No)));
    }

    private static ServiceOverloadedException Copy(ServiceOverloadedException overload, Applied applied) =>
        new(overload.Reason, applied, overload) { RetryAfter = overload.RetryAfter };

    private sealed class Waiting(TCall call, long since) : TaskCompletionSource<TAnswer>(
        TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TCall Call => call;

        public Activity? Caller { get; } = Activity.Current;

        public long Since => since;
    }
}
