using System.Security.Cryptography;
using System.Text;
using Gatehouse.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>Keeps claims in a Gatehouse that is reached over HTTP.</summary>
internal sealed partial class HttpIdempotencyClaims(
    GatehouseClient client, IdempotencyMetrics metrics, TimeProvider time, ILogger<HttpIdempotencyClaims> logger)
    : IIdempotencyClaims
{
    private const int PathLengthMax = 2048;

    // A Gatehouse that does not answer is not asked for ever more.
    private const int GivingBackMax = 1_000;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    private readonly LogBudget _lost = new(time);
    private int _givingBack;

    public async Task<ClaimAnswer> BeginAsync(ClaimKey key, ClaimRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellation.ThrowIfCancellationRequested();
        var begin = new BeginDocument
        {
            Endpoint = WireName.Endpoint(key.Endpoint),
            // The fingerprint covers all of the path; what Gatehouse makes of the rest is on top of that.
            Path = request.Path.Length > PathLengthMax ? request.Path[..PathLengthMax] : request.Path,
            Key = WireName.Key(key.Scope, key.Key),
            Fingerprint = request.Fingerprint,
            Policy = request.Abandoned is AbandonedClaim.Retry ? "retry" : "hold",
            LeaseMs = (long)request.Lease.TotalMilliseconds,
            Owner = Guid.NewGuid().ToString("n"),
        };
        // It goes on without its caller, if need be: a claim that nobody knows of would hold the key for good.
        var beginning = ClaimAsync(begin, request.Wait < WaitMax ? request.Wait : WaitMax);
        try
        {
            return await beginning.WaitAsync(cancellation);
        }
        catch (Exception failure) when (failure is OperationCanceledException
            or GatehouseUnavailableException { MaybeApplied: true })
        {
            _ = GiveBackAsync(begin, beginning);
            throw;
        }
    }

    public async Task<ClaimEnd> CompleteAsync(
        ClaimKey key, long epoch, KeptResponse response, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(response);
        // Gatehouse does not keep it either, and may not even take it.
        var isTombstone = response.Tombstone || response.Body.Length > KeptResponse.BodyMax;
        return End(await client.CompleteAsync(
            new CompleteDocument(WireName.Endpoint(key.Endpoint), WireName.Key(key.Scope, key.Key), epoch,
                new ResponseDocument
                {
                    Status = response.Status,
                    Headers = response.Headers,
                    Body = isTombstone || response.Body.IsEmpty ? null : response.Body,
                    Tombstone = isTombstone ? true : null,
                }),
            cancellation));
    }

    public async Task<ClaimEnd> ReleaseAsync(ClaimKey key, long epoch, CancellationToken cancellation) =>
        End(await client.ReleaseAsync(
            new ReleaseDocument(WireName.Endpoint(key.Endpoint), WireName.Key(key.Scope, key.Key), epoch, null),
            cancellation));

    public async Task<ClaimEnd> RenewAsync(
        ClaimKey key, long epoch, TimeSpan lease, CancellationToken cancellation) =>
        End(await client.RenewAsync(
            new RenewDocument(WireName.Endpoint(key.Endpoint), WireName.Key(key.Scope, key.Key), epoch,
                (long)lease.TotalMilliseconds),
            cancellation));

    private static ClaimEnd End(Reply reply) => reply switch
    {
        { Status: 200 } => ClaimEnd.Done,
        { Code: "idempotency_stale" } => ClaimEnd.Stale,
        { Code: "idempotency_key_not_found" } => ClaimEnd.Absent,
        _ => throw reply.Failure(),
    };

    private async Task<ClaimAnswer> ClaimAsync(BeginDocument begin, TimeSpan wait)
    {
        var reply = await client.BeginAsync(begin, wait, CancellationToken.None);
        switch (reply.Code)
        {
            case "idempotency_in_progress":
                return new ClaimAnswer { State = ClaimState.InProgress, RetryAfter = reply.RetryAfter };
            case "idempotency_outcome_unknown":
                return new ClaimAnswer { State = ClaimState.Unknown };
            case "idempotency_key_reused":
                return new ClaimAnswer { State = ClaimState.Mismatch };
        }

        var begun = reply.Read(GatehouseJson.Wire.BegunDocument);
        var state = begun.State switch
        {
            "started" => ClaimState.Started,
            "completed" => ClaimState.Completed,
            "tombstoned" => ClaimState.Tombstoned,
            _ => throw reply.NotUnderstood(),
        };
        return new ClaimAnswer { State = state, Epoch = begun.Epoch, Response = Kept(begun.Response, state) };
    }

    private static KeptResponse? Kept(ResponseDocument? response, ClaimState state) => response is null ? null : new()
    {
        Status = response.Status,
        Headers = response.Headers ?? new Dictionary<string, string>(),
        Body = response.Body ?? default,
        Tombstone = state is ClaimState.Tombstoned,
    };

    /// <summary>Nobody starts the effect, so nobody must hold the key.</summary>
    private async Task GiveBackAsync(BeginDocument begin, Task<ClaimAnswer> beginning)
    {
        await ((Task)beginning).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var isOurs = beginning.IsCompletedSuccessfully
            ? beginning.Result.State is ClaimState.Started
            : beginning.Exception?.InnerException is GatehouseUnavailableException { MaybeApplied: true };
        if (!isOurs)
        {
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _givingBack) > GivingBackMax)
            {
                Lose("Too many others are being given back.");
                return;
            }

            var release = new ReleaseDocument(begin.Endpoint, begin.Key, null, begin.Owner);
            End(await client.ReleaseAsync(release, CancellationToken.None));
        }
        catch (Exception failure) when (failure is GatehouseUnavailableException or GatehouseRefusedException)
        {
            Lose(failure.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _givingBack);
        }
    }

    private void Lose(string reason)
    {
        metrics.ClaimLost();
        if (_lost.TryTake(out var skipped))
        {
            LogClaimLost(logger, skipped, reason);
        }
    }

    [LoggerMessage(6040, LogLevel.Warning,
        "A claim of an idempotency key whose request did not start could not be given back; it holds its key until an "
        + "operator or its retention ends that; {Skipped} more since the last such line. {Reason}")]
    private static partial void LogClaimLost(ILogger logger, long skipped, string reason);
}

/// <summary>What keys and endpoints are called in the HTTP API, which bounds them and knows no scopes.</summary>
internal static class WireName
{
    private const string HashMark = "sha256:";
    private const int ScopeHexLength = 32;

    /// <summary>
    /// The scope is folded into the key: 32 digits of its hash and a colon. What cannot stand as it is is replaced by
    /// its hash: a key that would be too long, and one that looks like what is made here, so that nobody can name a key
    /// of another scope.
    /// </summary>
    public static string Key(string? scope, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (scope is null)
        {
            return IsScoped(key) ? Hashed(key) : Short(key, IdempotencyKeyHeader.LengthMax);
        }

        var prefix = Hash(scope)[..ScopeHexLength] + ":";
        return prefix + Short(key, IdempotencyKeyHeader.LengthMax - prefix.Length);
    }

    /// <summary>An endpoint as it is, or its hash in place of a path that is no endpoint's.</summary>
    public static string Endpoint(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return EndpointName.TryRead(name, out _) ? name : $"{name.Split(' ')[0]} /sha256-{Hash(name)}";
    }

    private static string Short(string key, int lengthMax) =>
        key.Length > lengthMax || key.StartsWith(HashMark, StringComparison.Ordinal) ? Hashed(key) : key;

    private static bool IsScoped(string key) => key.Length > ScopeHexLength && key[ScopeHexLength] == ':'
        && key.Take(ScopeHexLength).All(char.IsAsciiHexDigitLower);

    private static string Hashed(string key) => HashMark + Hash(key);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
