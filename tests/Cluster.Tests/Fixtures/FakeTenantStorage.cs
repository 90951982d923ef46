using System.Collections.Concurrent;
using Gatehouse.Silo;
using Orleans.Runtime;
using Orleans.Storage;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>
/// Grain storage that keeps the bytes the real one would keep, with a fault before or after a write is applied.
/// </summary>
internal sealed class FakeTenantStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<GrainId, (BinaryData Data, string ETag)> _states = new();
    private readonly JsonStateSerializer _serializer = new();

    public bool FailsBeforeWrite { get; set; }

    public bool FailsAfterWrite { get; set; }

    /// <summary>What a call fails with instead, and where.</summary>
    public (Exception Failure, StorageFault Where)? Fault { get; set; }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (Fault is (var failure, StorageFault.Read))
        {
            return Task.FromException(failure);
        }

        if (_states.TryGetValue(grainId, out var kept))
        {
            grainState.State = _serializer.Deserialize<T>(kept.Data);
            (grainState.ETag, grainState.RecordExists) = (kept.ETag, true);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (FailsBeforeWrite)
        {
            throw new IOException("Refused before it was applied.");
        }

        if (Fault is (var failure, StorageFault.BeforeWrite))
        {
            return Task.FromException(failure);
        }

        grainState.ETag = Guid.NewGuid().ToString("n");
        _states[grainId] = (_serializer.Serialize(grainState.State), grainState.ETag);
        return Fault is (var lost, StorageFault.AfterWrite) ? Task.FromException(lost)
            : FailsAfterWrite ? throw new IOException("Lost after it was applied.") : Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _states.TryRemove(grainId, out _);
        return Task.CompletedTask;
    }
}

/// <summary>Where a call fails.</summary>
internal enum StorageFault
{
    None = 0,
    Read,
    BeforeWrite,
    AfterWrite,
}
