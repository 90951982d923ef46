using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Grains.Membership;
using Orleans;

namespace Gatehouse.Silo.Health;

/// <summary>Whether this silo is an active member of its cluster.</summary>
internal sealed class SiloCheck(IClusterPresence cluster) : IDependencyCheck
{
    public string Name => CheckNames.Silo;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    public Task<CheckResult> LookAsync(CancellationToken cancellationToken) => Task.FromResult(cluster.HasJoined
        ? CheckResult.Good
        : new CheckResult(CheckOutcome.Lost, "This silo is not an active member of its cluster."));
}

/// <summary>
/// Whether this client is connected to a silo. One that has lost every silo answers 429. Before it found its first it
/// does not listen, so it cannot be asked.
/// </summary>
internal sealed class GatewayCheck(GatewayCount gateways, IGrainFactory grains, GatehouseOptions options)
    : IDependencyCheck
{
    private static readonly TimeSpan SearchMax = TimeSpan.FromSeconds(1);

    public string Name => CheckNames.Gateways;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(2);

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        if (gateways.Connected == 0)
        {
            // A client looks for silos only to make a call.
            Task search = grains.Region(options.Region).GetAsync();
            await search.WaitAsync(SearchMax, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var connected = gateways.Connected;
        return new CheckResult(
            connected > 0 ? CheckOutcome.Good : CheckOutcome.Lost, connected > 0 ? null : "No silo is connected.")
        {
            Data = new Dictionary<string, object> { ["connected"] = connected },
        };
    }
}

/// <summary>
/// A silo whose cluster has lost its table serves on: limits hold, but a second cluster can form. As of the last look,
/// which <see cref="MembershipHealth"/> takes every few seconds.
/// </summary>
/// <param name="membership">The last look.</param>
/// <param name="connections">Where the table is, if it is not in memory.</param>
internal sealed class MembershipCheck(MembershipHealth membership, params CheckedConnection[] connections)
    : IDependencyCheck
{
    private readonly PingCheck _ping = new(CheckNames.Membership, connections);

    public string Name => CheckNames.Membership;

    public TimeSpan Deadline => _ping.Deadline;

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        var ping = await _ping.LookAsync(cancellationToken);
        return membership.Verdict switch
        {
            TableVerdict.Lost => ping with
            {
                Outcome = CheckOutcome.Lost,
                Description = "The membership table does not name this silo.",
            },
            TableVerdict.Unknown when ping.Outcome is CheckOutcome.Good => ping with
            {
                Outcome = CheckOutcome.Bad,
                Description = "The membership table could not be read.",
            },
            _ => ping,
        };
    }
}
