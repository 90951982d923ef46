using System.Collections.Concurrent;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Tests.RateLimiting;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>
/// Reserved counts in fake time, one store for all silos of a cluster: up, down, lost after it was applied, or not
/// answering at all.
/// </summary>
internal sealed class FakeCeilingStore(TimeProvider time) : ICeilingStore
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new();
    private TaskCompletionSource _open = Opened();
    private int _calls;
    private int _waiting;
    private (int Count, TaskCompletionSource Reached) _awaited = (-1, new TaskCompletionSource());

    /// <summary>Every call fails at once.</summary>
    public bool IsDown { get; set; }

    /// <summary>Every call fails with this.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Every call is applied, and its answer is lost.</summary>
    public bool LosesAnswers { get; set; }

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Calls that are held back now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Ends when so many are. To be asked for before the first of them is made.</summary>
    public Task WaitingAsync(int count)
    {
        _awaited = (count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _awaited.Reached.Task;
    }

    /// <summary>Calls are held back until <see cref="Continue"/>, as by a stopped process.</summary>
    public void Stop() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Continue() => _open.TrySetResult();

    public void Flush() => _entries.Clear();

    public long Total(string key) => At(key, static entry => entry.Model.Total);

    public async Task<ReserveAnswer> ReserveAsync(string key, string owner, ReserveRequest request)
    {
        Interlocked.Increment(ref _calls);
        if (Interlocked.Increment(ref _waiting) == _awaited.Count)
        {
            _awaited.Reached.TrySetResult();
        }

        await _open.Task;
        Interlocked.Decrement(ref _waiting);
        ThrowIfDown();

        var answer = At(key, entry =>
        {
            entry.Until = time.GetUtcNow().AddMilliseconds(request.TimeToLiveMs);
            return entry.Model.Reserve(owner, request);
        });
        return LosesAnswers ? throw new TimeoutException("The answer was lost.") : answer;
    }

    public async Task DeleteAsync(string key)
    {
        await _open.Task;
        ThrowIfDown();

        _entries.TryRemove(key, out _);
    }

    private void ThrowIfDown()
    {
        if (IsDown || Failure is not null)
        {
            throw Failure ?? new TimeoutException("The store does not answer.");
        }
    }

    private T At<T>(string key, Func<Entry, T> use)
    {
        var entry = _entries.GetOrAdd(key, static _ => new Entry());
        lock (entry)
        {
            if (entry.Until < time.GetUtcNow())
            {
                entry.Model.Clear();
            }

            return use(entry);
        }
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }

    private sealed class Entry
    {
        public CeilingModel Model { get; } = new();

        public DateTimeOffset Until { get; set; } = DateTimeOffset.MaxValue;
    }
}
