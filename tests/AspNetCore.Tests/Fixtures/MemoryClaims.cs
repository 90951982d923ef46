using Gatehouse.AspNetCore.Idempotency;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>Claims by the rules of Gatehouse, in memory, with faults on demand.</summary>
internal sealed class MemoryClaims(TimeProvider time) : IIdempotencyClaims
{
    private readonly Dictionary<ClaimKey, Record> _records = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Which calls fail: begin, complete, release or renew.</summary>
    public HashSet<string> Away { get; } = [];

    /// <summary>How they fail.</summary>
    public Exception Failure { get; set; } =
        new GatehouseUnavailableException("away") { RetryAfter = TimeSpan.FromSeconds(7) };

    /// <summary>Whether renewals fail, and not before their request has ended.</summary>
    public bool RenewalsFailLate { get; set; }

    public List<string> Calls { get; } = [];

    /// <summary>Completes once the condition holds; looked at behind every call.</summary>
    public async Task UntilAsync(Func<IReadOnlyDictionary<ClaimKey, Record>, bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition(_records))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public async Task<ClaimAnswer> BeginAsync(ClaimKey key, ClaimRequest request, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        Note("begin");
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                var answer = Begin(key, request);
                if (answer.State is not ClaimState.InProgress || time.GetElapsedTime(began) >= request.Wait)
                {
                    return answer;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(request.Wait, cancellation);
        }
    }

    public Task<ClaimEnd> CompleteAsync(
        ClaimKey key, long epoch, KeptResponse response, CancellationToken cancellation) =>
        StepAsync("complete", key, epoch, record => (record.State, record.Response) = response switch
        {
            { Status: 401 or 403 or 408 or 409 or 425 or 429 } => (ClaimState.None, null),
            { Status: >= 500 } => (ClaimState.Unknown, null),
            { Tombstone: true } => (ClaimState.Tombstoned, response with { Body = default }),
            _ => (ClaimState.Completed, response with { Body = response.Body.ToArray() }),
        });

    public Task<ClaimEnd> ReleaseAsync(ClaimKey key, long epoch, CancellationToken cancellation) =>
        StepAsync("release", key, epoch, record => record.State = ClaimState.None);

    public async Task<ClaimEnd> RenewAsync(
        ClaimKey key, long epoch, TimeSpan lease, CancellationToken cancellation)
    {
        var end = await StepAsync("renew", key, epoch, record => record.LeaseEnds = time.GetUtcNow() + lease);
        if (RenewalsFailLate)
        {
            await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
            throw Failure;
        }

        return end;
    }

    private ClaimAnswer Begin(ClaimKey key, ClaimRequest request)
    {
        var record = _records.TryGetValue(key, out var known) ? known : _records[key] = new Record();
        var isAbandoned = record.State is ClaimState.Unknown
            || (record.State is ClaimState.InProgress && record.LeaseEnds <= time.GetUtcNow());
        if (record.State is not ClaimState.None && record.Fingerprint != request.Fingerprint)
        {
            return new ClaimAnswer { State = ClaimState.Mismatch };
        }

        if (record.State is ClaimState.None || (isAbandoned && request.Abandoned is AbandonedClaim.Retry))
        {
            (record.State, record.Fingerprint) = (ClaimState.InProgress, request.Fingerprint);
            (record.LeaseEnds, record.Epoch) = (time.GetUtcNow() + request.Lease, record.Epoch + 1);
            return new ClaimAnswer { State = ClaimState.Started, Epoch = record.Epoch };
        }

        return new ClaimAnswer
        {
            State = isAbandoned ? ClaimState.Unknown : record.State,
            Epoch = record.Epoch,
            RetryAfter = record.LeaseEnds - time.GetUtcNow(),
            Response = record.Response,
        };
    }

    private Task<ClaimEnd> StepAsync(string name, ClaimKey key, long epoch, Action<Record> step)
    {
        Note(name);
        lock (_lock)
        {
            if (!_records.TryGetValue(key, out var record))
            {
                return Task.FromResult(ClaimEnd.Absent);
            }

            if (record.Epoch != epoch)
            {
                return Task.FromResult(ClaimEnd.Stale);
            }

            step(record);
            Signal();
            return Task.FromResult(ClaimEnd.Done);
        }
    }

    private void Note(string name)
    {
        lock (_lock)
        {
            Calls.Add(name);
            Signal();
            if (Away.Contains(name))
            {
                throw Failure;
            }
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed class Record
    {
        public ClaimState State { get; set; }

        public string Fingerprint { get; set; } = "";

        public long Epoch { get; set; }

        public DateTimeOffset LeaseEnds { get; set; }

        public KeptResponse? Response { get; set; }
    }
}
