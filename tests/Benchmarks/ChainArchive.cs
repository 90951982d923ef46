using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Benchmarks;

/// <summary>What follows an append behind its caller's back: the archive, the tree, a signature.</summary>
internal static class ChainArchive
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until all of a chain is archived and signed: what is measured next does not run beside that.</summary>
    public static async Task CatchUpAsync(IAuditChainGrain chain)
    {
        var signed = false;
        while (!signed)
        {
            try
            {
                var head = await chain.HeadAsync();
                _ = await chain.CheckpointAsync(head.Size)
                    ?? throw new InvalidOperationException("The chain is empty, or frozen.");
                signed = true;
            }
            catch (Exception late) when (late is TimeoutException or ServiceOverloadedException)
            {
                // A call waits for 15 s, and the archive may be 100,000 entries behind.
                await Task.Delay(Pause);
            }
        }
    }
}
