using System.Collections.Concurrent;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>
/// This silo's signers, one per tenant that signs here. No grain is asked for a signature: each signer works under a
/// lease on its ring and refuses when it cannot renew it.
/// </summary>
internal sealed partial class RingSigners : ISignatures, IChangeObserver, IDisposable
{
    // A signer holds a lease and a key; one that has not been used for a while is made again when it is needed.
    private const int SignersMax = 10_000;

    private readonly ConcurrentDictionary<string, TenantSigner> _signers = new(StringComparer.Ordinal);
    private readonly IKeyRingStore _store;
    private readonly KeyForge _forge;
    private readonly RegionClock _clock;
    private readonly IGrainFactory _grains;
    private readonly SigningKeysOptions _options;
    private readonly KeyUseMetrics _uses;
    private readonly SigningKeysMetrics _metrics;
    private readonly ILogger<RingSigners> _logger;
    private readonly RevokedByConfiguration _revoked;

    public RingSigners(
        IKeyRingStore store, KeyForge forge, RegionClock clock, IGrainFactory grains,
        IOptions<SigningKeysOptions> options, RevokedByConfiguration revoked, KeyUseMetrics uses,
        SigningKeysMetrics metrics, TimeProvider time, ILogger<RingSigners> logger)
    {
        (_store, _forge, _clock, _grains, _options) = (store, forge, clock, grains, options.Value);
        (_revoked, _uses, _metrics, Time, _logger) = (revoked, uses, metrics, time, logger);
        _revoked.Changed += ChangesMissed;
    }

    public TimeProvider Time { get; }

    public async ValueTask<SignResult> SignAsync(string tenant, int? number, IReadOnlyList<byte[]> items)
    {
        if (_signers.Count > SignersMax)
        {
            DropIdle();
        }

        var signer = _signers.GetOrAdd(tenant, static (tenant, self) => new TenantSigner(tenant, self), this);
        var result = await signer.SignAsync(number, items);
        _uses.SignAnswered(result.Outcome, items.Count);
        if (result.Outcome is SignOutcome.Revoked)
        {
            LogRefused(tenant, result.Number);
        }

        return result;
    }

    /// <inheritdoc/>
    public void RingChanged(string tenant, string version)
    {
        if (_signers.TryGetValue(tenant, out var signer))
        {
            signer.Drop(version);
        }
    }

    /// <inheritdoc/>
    public void ChangesMissed()
    {
        foreach (var (_, signer) in _signers)
        {
            signer.Drop(version: null);
        }
    }

    /// <inheritdoc/>
    public void SubjectChanged(in RateLimitKey key)
    {
        // No ring changed.
    }

    /// <inheritdoc/>
    public void TenantChanged(string tenant, string version)
    {
        // Nor here.
    }

    public void Dispose() => _revoked.Changed -= ChangesMissed;

    public string VersionOf(KeyRingState ring) => ring.VersionWith(_revoked.Versions);

    public async Task<LeaseAnswer> LeaseAsync(string tenant, string signer, long epoch)
    {
        var isGiven = false;
        try
        {
            var answer = await _store.LeaseAsync(tenant, signer, epoch, _options.LeaseDuration);
            isGiven = true;
            return answer;
        }
        finally
        {
            _metrics.Renewed(isGiven);
        }
    }

    /// <summary>A tenant that has no ring gets one. Whoever is first makes it; everybody uses the same.</summary>
    public async Task<KeyRingState> FirstRingAsync(string tenant)
    {
        await _grains.KeyRing(tenant).EnsureAsync();
        return KeyRingState.Empty;
    }

    /// <summary>The lease that the store gave, counted from before it was asked.</summary>
    public SignerLease Given(string tenant, SignerLease? before, KeyRingState ring, long asked)
    {
        var duration = (long)(_options.LeaseDuration.TotalSeconds * Time.TimestampFrequency);
        var (renewAt, until) = (asked + (duration / 2), asked + duration);
        var active = ring.Active;
        var usable = active is not null && _revoked.Versions.Contains(tenant, active.Number) ? null : active;
        if (before is not null && before.Ring.Epoch == ring.Epoch && before.Usable?.Number == usable?.Number
            && (usable is null || before.Signer is not null))
        {
            return before.Renewed(renewAt, until);
        }

        if (active is not null)
        {
            _metrics.Took(DateTimeOffset.FromUnixTimeMilliseconds(_clock.NowMs) - active.CreatedAt);
        }

        var signer = usable is null ? null : _forge.Open(tenant, usable);
        if (usable is not null && signer is null)
        {
            LogUnreadable(tenant, usable.Number);
        }

        before?.Signer?.Dispose();
        return new SignerLease(ring, usable, signer, renewAt, until);
    }

    public SignResult Sign(string tenant, SignerLease lease, int? number, IReadOnlyList<byte[]> items)
    {
        if (number is { } wanted && wanted != lease.Usable?.Number)
        {
            return Refused(tenant, lease.Ring.Find(wanted), wanted);
        }

        if (lease.Usable is not { } version)
        {
            // Nothing may sign: what did so last is revoked.
            return new SignResult { Outcome = SignOutcome.Revoked, Number = lease.Ring.Versions.Count };
        }

        return lease.Signer is { } signer
            ? new SignResult
            {
                Outcome = SignOutcome.Done,
                Number = version.Number,
                Algorithm = version.Algorithm,
                Signatures = SignAll(signer, items),
            }
            : new SignResult { Outcome = SignOutcome.Unreadable, Number = version.Number };
    }

    public void FellBehind(string tenant, long seen, long now) => LogBehind(tenant, seen, now);

    private static byte[][] SignAll(ISigner signer, IReadOnlyList<byte[]> items)
    {
        var signatures = new byte[items.Count][];
        for (var i = 0; i < signatures.Length; i++)
        {
            signatures[i] = signer.Sign(items[i]);
        }

        return signatures;
    }

    private SignResult Refused(string tenant, KeyVersion? version, int number) => new()
    {
        Number = number,
        Outcome = version is null ? SignOutcome.NotFound
            : version.RevokedAt is not null || _revoked.Versions.Contains(tenant, number) ? SignOutcome.Revoked
            : SignOutcome.NotActive,
    };

    private void DropIdle()
    {
        foreach (var (tenant, _) in _signers.OrderBy(static signer => signer.Value.UsedAt).Take(SignersMax / 4))
        {
            _signers.TryRemove(tenant, out _);
        }
    }

    [LoggerMessage(4010, LogLevel.Warning,
        "Signing for tenant {Tenant} was refused: v{Version} is revoked and nothing has taken its place")]
    private partial void LogRefused(string tenant, int version);

    [LoggerMessage(4011, LogLevel.Critical,
        "The private key v{Version} of tenant {Tenant} does not open: it was wrapped by a key-encryption key that is " +
        "not configured, or was changed in the store. Nothing is signed for this tenant")]
    private partial void LogUnreadable(string tenant, int version);

    [LoggerMessage(4012, LogLevel.Critical,
        "The key ring of tenant {Tenant} was at epoch {Seen} and is at {Now} in the store, which has lost " +
        "acknowledged changes: a revoked key may be good in there. Nothing is signed for this tenant until the ring " +
        "is ahead again or this process is restarted")]
    private partial void LogBehind(string tenant, long seen, long now);
}
