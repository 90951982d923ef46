namespace Gatehouse.Benchmarks.Scale;

/// <summary>Carries requests to a store and answers back, and loses some of either.</summary>
internal sealed class Network(VirtualTime time, Random random, double loss)
{
    // As long as a connection waits for an answer.
    private static readonly long LostAfter = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>Half of the time passes before the store acts, half after it.</summary>
    public Task<T> SendAsync<T>(TimeSpan roundTrip, Func<T> act)
    {
        // No RunContinuationsAsynchronously: whoever waits goes on here and now, on the one thread there is.
        var answer = new TaskCompletionSource<T>();
        var isLost = loss > 0 && random.NextDouble() < loss;
        if (isLost)
        {
            time.In(LostAfter, () => answer.SetException(new TimeoutException()));
        }

        if (isLost && random.Next(2) == 0)
        {
            return answer.Task;
        }

        var half = roundTrip.Ticks / 2;
        time.In(half, () =>
        {
            var result = act();
            if (!isLost)
            {
                time.In(half, () => answer.SetResult(result));
            }
        });
        return answer.Task;
    }
}
