using Gatehouse.Grains.Auditing;

namespace Gatehouse.Benchmarks;

/// <summary>
/// The same script on the same store as the chain's grain, with one event each: what follows an event has to wait until
/// it is there.
/// </summary>
internal sealed class ScriptPerEvent : IDisposable
{
    private const string Chain = "by-script";

    private readonly SemaphoreSlim _turn = new(1);
    private readonly IAuditStore _store;
    private readonly OpenedChain _opened;
    private ChainEnd _end;

    private ScriptPerEvent(IAuditStore store, OpenedChain opened) => (_store, _opened, _end) = (store, opened, opened.End);

    public static async Task<ScriptPerEvent> OpenAsync(IAuditStore store) => new(store, await store.OpenAsync(Chain));

    public async Task AppendAsync()
    {
        await _turn.WaitAsync();
        try
        {
            var (next, entries) = AuditChain.Append(Chain, _end, [AuditEvents.Next()], DateTimeOffset.UnixEpoch);
            var answer = await _store.AppendAsync(Chain, _opened.Fence, _end, next, entries);
            _end = answer.Outcome is StoreOutcome.Done
                ? next
                : throw new InvalidOperationException($"The store answered {answer.Outcome}.");
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
