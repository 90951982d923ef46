using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Tests.RateLimiting;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>
/// What one activation says to its two stores, counted. Its silo crashes at the worst moment: with a reservation under way
/// that never comes to the store, and as long after it as calls do not yet wait for the answer.
/// </summary>
internal sealed class SubjectLinks(
    RegionModel region, CeilingModel store, GlobalModel global, SubjectHistory history, ScaleCounts counts, VirtualTime time)
    : ICeilingStore, IGlobalCountStore
{
    private static readonly long CrashTicks = TimeSpan.FromMilliseconds(45).Ticks;

    private Action? _crash;
    private int _before;

    public bool HasCrashed { get; private set; }

    /// <summary>Does something in the process, while there is one.</summary>
    public void Run(Action action)
    {
        if (!HasCrashed)
        {
            action();
        }
    }

    /// <summary>After so many more reservations that are answered.</summary>
    public void CrashInReservation(int after, Action crashed)
    {
        _before = after;
        _crash = () =>
        {
            HasCrashed = true;
            crashed();
        };
    }

    public Task<ReserveAnswer> ReserveAsync(string key, string owner, ReserveRequest request)
    {
        if (HasCrashed)
        {
            return NeverAsync<ReserveAnswer>();
        }

        counts.StoreOperations++;
        if (_crash is { } crash && _before-- == 0)
        {
            _crash = null;
            time.In(CrashTicks, crash);
            return NeverAsync<ReserveAnswer>();
        }

        return region.SendAsync(isGlobal: false, () => store.Reserve(owner, request));
    }

    public Task DeleteAsync(string key) => throw new NotSupportedException();

    public async Task<IReadOnlyDictionary<string, long>> ExchangeAsync(string key, string name, GlobalCounts told)
    {
        if (HasCrashed)
        {
            return await NeverAsync<IReadOnlyDictionary<string, long>>();
        }

        counts.Exchanges++;
        var exchange = new Exchange
        {
            AskedAt = time.NowTicks,
            AdmittedBefore = history.AdmittedIn[region.Index].Count,
        };
        history.Exchanges[region.Index].Add(exchange);
        var answer = await region.SendAsync(isGlobal: true, () => global.Exchange(name, told));
        exchange.AnsweredAt = time.NowTicks;
        return answer;
    }

    private static Task<T> NeverAsync<T>() => new TaskCompletionSource<T>().Task;
}

/// <summary>What all subjects of a case did together.</summary>
internal sealed record ScaleCounts
{
    public double Offered { get; set; }

    /// <summary>Calls that came while the silo was down.</summary>
    public long Lost { get; set; }

    /// <summary>Calls that came to a grain: the others were lost, or refused from the memory of an API host.</summary>
    public long Decided { get; set; }

    public long Admitted { get; set; }

    /// <summary>Calls that waited for a store.</summary>
    public long Waited { get; set; }

    public long StoreOperations { get; set; }

    public long Exchanges { get; set; }
}
