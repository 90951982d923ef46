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
    // What Orleans' provider sends for each. It takes no connection that counts; the serializer's time is in it.
    private static readonly StoreOperation Read = new("HGETALL");
    private static readonly StoreOperation Write = new("EVALSHA", "orleans-state-write");
    private static readonly StoreOperation Clear = new("EVALSHA", "orleans-state-clear");

    private readonly StoreCalls _calls = new("redis", guard.Store, metrics.Commands, TimeProvider.System);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("read", CallKind.Read, () => MeasureAsync(
            Read, inner.ReadStateAsync, stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("write", CallKind.Write, async () =>
        {
            await MeasureAsync(Write, inner.WriteStateAsync, stateName, grainId, grainState);
            await commit.CommitAsync();
        });

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        GuardAsync("clear", CallKind.Write, async () =>
        {
            await MeasureAsync(Clear, inner.ClearStateAsync, stateName, grainId, grainState);
            await commit.CommitAsync();
        });

    private async Task MeasureAsync<T>(
        StoreOperation operation, Func<string, GrainId, IGrainState<T>, Task> call, string stateName, GrainId grainId,
        IGrainState<T> grainState)
    {
        var measured = _calls.Start(operation);
        try
        {
            await call(stateName, grainId, grainState);
            _calls.Succeeded(measured);
        }
        catch (InconsistentStateException)
        {
            // The store did its part: somebody else was first.
            _calls.Succeeded(measured);
            throw;
        }
        catch (Exception failure)
        {
            _calls.Failed(measured, failure);
            throw;
        }
    }

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
