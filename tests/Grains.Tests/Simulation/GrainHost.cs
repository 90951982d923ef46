using System.Reflection;
using Gatehouse.Benchmarks.Scale;
using Orleans.Runtime;
using Orleans.Timers;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>
/// What the runtime is to one activation, so that the product's own grains run here, on one thread and in virtual time:
/// a key, timers, and the word that it is to go.
/// </summary>
internal sealed class GrainHost(string key, SimulatedSilo silo, VirtualTime time) : IServiceProvider, ITimerRegistry
{
    // The only way in: a grain takes its context from where the runtime leaves it for the thread.
    private static readonly FieldInfo Context = typeof(Grain).Assembly.GetType("Orleans.Runtime.RuntimeContext")!
        .GetField("_threadLocalContext", BindingFlags.Static | BindingFlags.NonPublic)!;

    public SimulatedSilo Silo => silo;

    /// <summary>It asked for its end, or was ended: nobody calls it any more.</summary>
    public bool IsLeaving { get; private set; }

    public bool IsGone => IsLeaving || silo.HasCrashed;

    public TGrain Activate<TGrain>(Func<TGrain> create) where TGrain : Grain
    {
        Context.SetValue(null, StandIn.Of<IGrainContext>(Answer));
        try
        {
            return create();
        }
        finally
        {
            Context.SetValue(null, null);
        }
    }

    public void Leave() => IsLeaving = true;

    public object? GetService(Type serviceType) => serviceType == typeof(ITimerRegistry) ? this
        : serviceType == typeof(IGrainRuntime) ? StandIn.Of<IGrainRuntime>(Answer)
        : null;

    public IGrainTimer RegisterGrainTimer<TState>(
        IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state,
        GrainTimerCreationOptions options)
    {
        var timer = new Timer(this, () => callback(state, CancellationToken.None));
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    IDisposable ITimerRegistry.RegisterTimer(
        IGrainContext grainContext, Func<object?, Task> callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException();

    /// <summary>Of its context and its runtime: what a grain asks beside that has no part in what is simulated.</summary>
    private object? Answer(MethodInfo member, object?[] arguments)
    {
        switch (member.Name)
        {
            case "get_GrainId":
                return GrainId.Create("simulated", key);
            case "get_ActivationServices" or "get_TimerRegistry":
                return this;
            case "Equals":
                return false;
            case "Deactivate" or "DeactivateOnIdle":
                Leave();
                return null;
            default:
                return null;
        }
    }

    private sealed class Timer(GrainHost host, Func<Task> tick) : IGrainTimer
    {
        private int _plan;

        public void Change(TimeSpan dueTime, TimeSpan period)
        {
            var plan = ++_plan;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                host.After(dueTime, async () =>
                {
                    if (plan == _plan && !host.IsGone)
                    {
                        await tick();
                    }
                });
            }
        }

        public void Dispose() => _plan++;
    }

    private void After(TimeSpan wait, Func<Task> action) => time.In(wait.Ticks, async () => await action());
}
