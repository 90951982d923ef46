using Orleans;
using Orleans.Runtime;

namespace Gatehouse.Silo.Health;

/// <summary>This process's place in its cluster.</summary>
internal interface IClusterPresence
{
    /// <summary>Whether it is in.</summary>
    bool HasJoined { get; }

    /// <summary>Whether it can answer requests.</summary>
    bool CanServe { get; }
}

/// <summary>A silo serves while it is an active member.</summary>
internal sealed class SiloPresence(ISiloStatusOracle oracle) : IClusterPresence
{
    public bool HasJoined => oracle.CurrentStatus is SiloStatus.Active;

    public bool CanServe => HasJoined;
}

/// <summary>How many silos a client is connected to. One that has lost them all answers 429, and looks on.</summary>
internal sealed class GatewayCount : IClusterConnectionStatusObserver, IClusterPresence
{
    private volatile int _connected;

    public int Connected => _connected;

    public bool HasJoined => Connected > 0;

    public bool CanServe => true;

    public void NotifyGatewayCountChanged(
        int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
        _connected = currentNumberOfGateways;

    public void NotifyClusterConnectionLost() => _connected = 0;
}
