using System.Runtime.ExceptionServices;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Grains.Storage;

/// <summary>The one way to write a grain's state.</summary>
internal static class GrainStateExtensions
{
    /// <summary>Writes the next state; does nothing when it is the same object.</summary>
    public static async Task SaveOrDeactivateAsync<T>(this IPersistentState<T> storage, IGrainBase grain, T next)
        where T : class
    {
        if (ReferenceEquals(storage.State, next))
        {
            return;
        }

        storage.State = next;
        try
        {
            await storage.WriteStateAsync();
        }
        catch (Exception failure)
        {
            // The store may or may not have applied the write, so memory is now a guess. The next activation reads the
            // truth.
            grain.DeactivateOnIdle();
            if (failure.InnerException is ServiceOverloadedException overload)
            {
                // The runtime wraps what a storage provider throws; the caller is told the cause, not the wrapping.
                ExceptionDispatchInfo.Throw(overload);
            }

            throw;
        }
    }
}
