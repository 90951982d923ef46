using Gatehouse.Benchmarks.Scale;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>Carries commands to the stores and answers back, with the faults of its case until it is healed.</summary>
internal sealed class SimulatedNetwork(VirtualTime time, Random random, Faults faults)
{
    /// <summary>As long as the product waits (Gatehouse:Overload:StoreDeadline).</summary>
    private static readonly long Deadline = TimeSpan.FromMilliseconds(750).Ticks;

    private static readonly double[] Rates = [0.02, 0.1, 0.3];

    private readonly double _rate = Rates[random.Next(Rates.Length)];
    private bool _isHealed;
    private long _awayUntil;

    /// <summary>From here on nothing goes wrong.</summary>
    public void Heal() => (_isHealed, _awayUntil) = (true, 0);

    /// <summary>The stores are away for so long.</summary>
    public void CutOff(TimeSpan duration) => _awayUntil = time.NowTicks + duration.Ticks;

    /// <summary>Sends one command; the product's guard makes one exception of whatever goes wrong.</summary>
    public async Task<T> SendAsync<T>(SimulatedSilo silo, bool isRead, Func<Task<T>> apply)
    {
        if (silo.HasCrashed)
        {
            return await NeverAsync<T>();
        }

        if (time.NowTicks < _awayUntil || (!_isHealed && time.NowTicks < silo.IsCutOffUntil))
        {
            throw new ServiceOverloadedException("redis_unavailable", Applied.No);
        }

        // No RunContinuationsAsynchronously: whoever waits goes on here and now, on the one thread there is.
        var answer = new TaskCompletionSource<T>();
        time.In(Deadline, () => silo.InTurn(() => answer.TrySetException(
            new ServiceOverloadedException("redis_timeout", isRead ? Applied.No : Applied.Unknown))));
        var fault = Choose();
        if (fault is not Faults.LostCommand)
        {
            var late = fault is Faults.Delay ? random.NextInt64(5 * Deadline) : 0;
            var arrival = Math.Max(time.NowTicks + Latency() + late, silo.ConnectionBusyUntil);
            silo.ConnectionBusyUntil = arrival;
            time.In(arrival - time.NowTicks, () => ApplyAsync(silo, apply, answer, isLost: fault is Faults.LostAnswer));
        }

        try
        {
            return await answer.Task;
        }
        finally
        {
            if (silo.HasCrashed)
            {
                await NeverAsync<T>();
            }
        }
    }

    private async void ApplyAsync<T>(
        SimulatedSilo silo, Func<Task<T>> apply, TaskCompletionSource<T> answer, bool isLost)
    {
        try
        {
            var result = await apply();
            if (!isLost)
            {
                time.In(Latency(), () => silo.InTurn(() => answer.TrySetResult(result)));
            }
        }
#pragma warning disable CA1031 // The sender gets it, whatever it is.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            silo.InTurn(() => answer.TrySetException(failure));
        }
    }

    private Faults Choose()
    {
        if (_isHealed || random.NextDouble() >= _rate)
        {
            return Faults.None;
        }

        var kind = (Faults)(1 << random.Next(3));
        return faults & kind;
    }

    /// <summary>Tenths of a millisecond up to two: others' commands overtake.</summary>
    private long Latency() => random.NextInt64(1_000, 10_000);

    private static Task<T> NeverAsync<T>() => new TaskCompletionSource<T>().Task;
}
