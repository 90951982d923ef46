using Gatehouse.Grains.Abstractions.Resilience;
using Orleans.Storage;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// Grain storage that keeps two promises the inner one does not: a write is committed before it is acknowledged, and a
/// store that is down or overloaded shows as <see cref="ServiceOverloadedException"/> (the Redis provider hides its
/// cause in a message text).
/// </summary>
internal sealed class DurableGrainStorage(IGrainStorage inner, IStoreCommit commit, StorageMetrics metrics)
    : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("read", Applied.No, () => inner.ReadStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("write", Applied.Unknown, async () =>
        {
            await inner.WriteStateAsync(stateName, grainId, grainState);
            await commit.CommitAsync();
        });

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("clear", Applied.Unknown, async () =>
        {
            await inner.ClearStateAsync(stateName, grainId, grainState);
            await commit.CommitAsync();
        });

    private async Task GuardAsync(string operation, Applied applied, Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception failure) when (failure is not (InconsistentStateException or OperationCanceledException))
        {
            metrics.Failed(operation);
            throw new ServiceOverloadedException("store_unavailable", applied, failure);
        }
    }
}
