using Gatehouse.Grains.Abstractions.Membership;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Gatehouse.Grains.Membership;

/// <summary>
/// What the silo that is asked sees; so each answers for itself, and a cluster that fell apart shows it.
/// </summary>
[GrainType("cluster"), StatelessWorker(1), Reentrant]
internal sealed class ClusterGrain(
    MembershipHealth health, ISiloStatusOracle oracle, ILocalSiloDetails self, TimeProvider time) : Grain, IClusterGrain
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(2);

    public async Task<ClusterView> ViewAsync()
    {
        var rows = await health.LookAsync();
        var known = oracle.GetApproximateSiloStatuses();
        var counted = await Task.WhenAll(known.Where(silo => silo.Value is SiloStatus.Active)
            .Select(silo => ActivationsAsync(silo.Key)));
        var activations = counted.Where(silo => silo.Count is not null)
            .ToDictionary(silo => silo.Address, silo => silo.Count!.Value);
        return new ClusterView
        {
            Region = this.GetPrimaryKeyString(),
            Table = ClusterRows.Judge(rows, self.SiloAddress),
            Silos = ClusterRows.Views(rows, known, activations),
        };
    }

    /// <summary>Null for a silo that does not answer in time: the list is of more use than its last number.</summary>
    private async Task<(SiloAddress Address, int? Count)> ActivationsAsync(SiloAddress silo)
    {
        try
        {
            var statistics = await GrainFactory.GetGrain<IManagementGrain>(0).GetRuntimeStatistics([silo])
                .WaitAsync(AnswerMax, time);
            return (silo, statistics[0].ActivationCount);
        }
#pragma warning disable CA1031 // Hung, gone or unreachable: there is no number.
        catch (Exception)
#pragma warning restore CA1031
        {
            return (silo, null);
        }
    }
}
