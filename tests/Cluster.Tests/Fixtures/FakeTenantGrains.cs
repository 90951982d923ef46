using System.Reflection;
using System.Threading.Channels;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>A grain factory whose tenant grains answer when the test says so; each call waits for its own answer.</summary>
public class FakeTenantGrains : DispatchProxy
{
    private readonly Channel<TaskCompletionSource<TenantSnapshot?>> _calls =
        Channel.CreateUnbounded<TaskCompletionSource<TenantSnapshot?>>();

    private ITenantGrain _grain = null!;

    public int Calls { get; private set; }

    public static (IGrainFactory Factory, FakeTenantGrains Grains) Create()
    {
        var factory = Create<IGrainFactory, FakeTenantGrains>();
        var grains = (FakeTenantGrains)factory;
        grains._grain = Create<ITenantGrain, Grain>();
        ((Grain)grains._grain).Ask = grains.AskAsync;
        return (factory, grains);
    }

    /// <summary>Waits for the next call and gives its answer into the test's hands.</summary>
    public ValueTask<TaskCompletionSource<TenantSnapshot?>> NextAsync() => _calls.Reader.ReadAsync();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _grain;

    private Task<TenantSnapshot?> AskAsync()
    {
        var call = new TaskCompletionSource<TenantSnapshot?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Calls++;
        Assert.True(_calls.Writer.TryWrite(call));
        return call.Task;
    }

    public class Grain : DispatchProxy
    {
        public Func<Task<TenantSnapshot?>> Ask { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Ask();
    }
}
