using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.Overload;

/// <summary>
/// Bounds the work of this host, each class of routes for itself, so that what is worth least is refused first and no
/// class can starve a better one.
/// </summary>
internal sealed class Admission
{
    public const string Reason = "host_busy";

    private static readonly RouteClass[] Classes =
        [RouteClass.Check, RouteClass.Read, RouteClass.Write, RouteClass.Export];

    [ThreadStatic]
    private static uint _begun;

    private readonly ClassGate[] _gates;
    private readonly ThreadPoolDelay _delay;
    private readonly TimeProvider _time;

    public Admission(
        IOptions<AdmissionOptions> options, ThreadPoolDelay delay, AdmissionMetrics metrics, TimeProvider time)
    {
        (_delay, _time) = (delay, time);
        var (chosen, wait) = (options.Value, options.Value.RequestQueueWait);
        _gates = [.. Classes.Select(route => new ClassGate(chosen.MaxOf(route), chosen.RequestQueueMax, wait, time))];
        foreach (var route in Classes)
        {
            metrics.Watch(route, GateOf(route));
        }
    }

    /// <summary>
    /// Why a request of that class would be refused now; null: it would not. Asked before anything else is done for it.
    /// </summary>
    public string? RefusalOf(RouteClass route) =>
        _delay.Sheds(route) ? ThreadPoolDelay.Reason
        : GateOf(route).IsFull ? Reason
        : null;

    /// <summary>Waits for the turn of a request, a short while at most. Each turn has to be ended.</summary>
    /// <exception cref="ServiceOverloadedException">It did not come soon enough; nothing was done.</exception>
    public ValueTask<Turn> EnterAsync(RouteClass route)
    {
        var gate = GateOf(route);
        var entering = gate.EnterAsync();
        return entering is { IsCompletedSuccessfully: true, Result: true }
            ? ValueTask.FromResult(Begin(gate))
            : WaitAsync(gate, entering);
    }

    private async ValueTask<Turn> WaitAsync(ClassGate gate, ValueTask<bool> entering) => await entering
        ? Begin(gate)
        : throw new ServiceOverloadedException(Reason, Applied.No);

    /// <summary>One in eight is measured: latencies are needed ten times a second, not of every call.</summary>
    private Turn Begin(ClassGate gate) => new(gate, (++_begun & 7) == 0 ? _time.GetTimestamp() : null);

    private ClassGate GateOf(RouteClass route) => _gates[(int)route - 1];
}

/// <summary>A request that is being worked on.</summary>
internal readonly struct Turn(ClassGate gate, long? since)
{
    /// <summary>Ends it.</summary>
    /// <param name="isAnswered">Whether its latency says how busy the host is; false when the work failed.</param>
    public void End(bool isAnswered) => gate.Leave(isAnswered ? since : null);
}
