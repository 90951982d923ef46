using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Orleans.Storage;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// Grain storage that keeps two promises the inner one does not: a write is committed before it is acknowledged, and a
/// store that is down or overloaded shows as <see cref="ServiceOverloadedException"/>.
/// </summary>
internal sealed class DurableGrainStorage(
    IGrainStorage inner, IStoreCommit commit, StoreGuard guard, StorageMetrics metrics) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("read", CallKind.Read, () => inner.ReadStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("write", CallKind.Write, async () =>
        {
            await inner.WriteStateAsync(stateName, grainId, grainState);
            await commit.CommitAsync();
        });

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("clear", CallKind.Write, async () =>
        {
            await inner.ClearStateAsync(stateName, grainId, grainState);
            await commit.CommitAsync();
        });

    private async Task GuardAsync(string operation, CallKind kind, Func<Task> call)
    {
        try
        {
            await guard.RunAsync(kind, call, static async call =>
            {
                await call();
                return true;
            });
        }
        catch (ServiceOverloadedException)
        {
            metrics.Failed(operation);
            throw;
        }
    }
}
