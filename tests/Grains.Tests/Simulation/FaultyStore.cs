using System.Collections.Concurrent;
using System.Reflection;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>
/// Breaks a store on purpose, so that a world can be shown to notice: changes the arguments of a command as it is
/// applied, or answers something else by a task of its own; null: it is applied as it stands.
/// </summary>
internal delegate Task? Defect(string command, object?[] arguments);

/// <summary>A store as one process sees it: every call is a command that travels.</summary>
public class FaultyStore : DispatchProxy
{
    private static readonly MethodInfo Sending =
        typeof(FaultyStore).GetMethod(nameof(SendAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private static readonly ConcurrentDictionary<Type, MethodInfo> SendingOf = new();

    private static readonly string[] Reads = ["Read", "Held", "Size", "Checkpoint", "Lease", "Holders", "Generation"];

    private object _store = null!;
    private SimulatedSilo _silo = null!;
    private SimulatedNetwork _network = null!;
    private Defect? _defect;

    internal static T Of<T>(T store, SimulatedSilo silo, SimulatedNetwork network, Defect? defect = null)
        where T : class
    {
        var proxy = Create<T, FaultyStore>();
        var faulty = (FaultyStore)(object)proxy;
        (faulty._store, faulty._silo, faulty._network, faulty._defect) = (store, silo, network, defect);
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var answer = targetMethod!.ReturnType is { IsGenericType: true } task ? task.GenericTypeArguments[0] : typeof(object);
        var sending = SendingOf.GetOrAdd(answer, static type => Sending.MakeGenericMethod(type));
        return sending.Invoke(this, BindingFlags.DoNotWrapExceptions, null, [targetMethod, args], null);
    }

    private Task<T> SendAsync<T>(MethodInfo command, object?[] arguments)
    {
        var isRead = Reads.Any(name => command.Name.StartsWith(name, StringComparison.Ordinal));
        return _network.SendAsync(_silo, isRead, () =>
        {
            var applied = _defect?.Invoke(command.Name, arguments)
                ?? (Task)command.Invoke(_store, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
            return applied as Task<T> ?? WithoutAnswerAsync<T>(applied);
        });
    }

    private static async Task<T> WithoutAnswerAsync<T>(Task applied)
    {
        await applied;
        return default!;
    }
}
