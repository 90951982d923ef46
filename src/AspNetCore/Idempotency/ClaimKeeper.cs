using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>Renews a claim while its request is running, at every third of its lease.</summary>
internal sealed partial class ClaimKeeper : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly IIdempotencyClaims _claims;
    private readonly ClaimKey _key;
    private readonly long _epoch;
    private readonly TimeSpan _lease;
    private readonly ILogger _logger;
    private readonly Task _keeping;

    public ClaimKeeper(
        IIdempotencyClaims claims, RunningRequest request, TimeSpan lease, TimeProvider time, ILogger logger)
    {
        (_claims, _key, _epoch, _lease, _logger) = (claims, request.Key, request.Epoch, lease, logger);
        _keeping = KeepAsync(time);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _keeping;
        _ended.Dispose();
    }

    private async Task KeepAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(_lease / 3, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                if (await RenewAsync() is ClaimEnd.Stale or ClaimEnd.Absent)
                {
                    LogLost();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The request has ended.
        }
    }

    private async Task<ClaimEnd> RenewAsync()
    {
        try
        {
            return await _claims.RenewAsync(_key, _epoch, _lease, _ended.Token);
        }
#pragma warning disable CA1031 // Whatever it was, the claim may still stand; the next third of its lease tries again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            // One that ends behind its request says nothing of it, however it ends.
            if (!_ended.IsCancellationRequested)
            {
                LogNotRenewed(failure);
            }

            return ClaimEnd.None;
        }
    }

    [LoggerMessage(6101, LogLevel.Warning, "A claim could not be renewed; its request goes on")]
    private partial void LogNotRenewed(Exception failure);

    [LoggerMessage(6102, LogLevel.Warning,
        "The claim of a running request is not its own any more: its answer will not be recorded")]
    private partial void LogLost();
}
