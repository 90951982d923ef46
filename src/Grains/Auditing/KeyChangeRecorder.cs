using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// Has a tenant's chain record what became of its keys. The chain reads the ring itself before each checkpoint, so
/// nothing is missed where this call is lost.
/// </summary>
internal sealed class KeyChangeRecorder(IGrainFactory grains, AuditMetrics metrics) : IKeyRingObserver
{
    public void Changed(KeyRingEvent change) => _ = KeepUpAsync(change.Tenant);

    private async Task KeepUpAsync(string tenant)
    {
        try
        {
            await grains.AuditChain(tenant).KeepUpAsync();
        }
#pragma warning disable CA1031 // Tried again with the next checkpoint.
        catch (Exception)
#pragma warning restore CA1031
        {
            metrics.UpkeepFailed();
        }
    }
}
