using System.Collections.Concurrent;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.Resilience;
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
    private readonly LogBudget _refusals;
    private readonly LogBudget _unreadable;

    public RingSigners(
        IKeyRingStore store, KeyForge forge, RegionClock clock, IGrainFactory grains,
        IOptions<SigningKeysOptions> options, RevokedByConfiguration revoked, KeyUseMetrics uses,
        SigningKeysMetrics metrics, TimeProvider time, ILogger<RingSigners> logger)
    {
        (_store, _forge, _clock, _grains, _options) = (store, forge, clock, grains, options.Value);
        (_revoked, _uses, _metrics, Time, _logger) = (revoked, uses, metrics, time, logger);
        (_refusals, _unreadable) = (new LogBudget(time), new LogBudget(time));
        _revoked.Changed += ChangesMissed;
    }

    public TimeProvider Time { get; }

    public TimeSpan LeaseDuration => _options.LeaseDuration;

    public LeaseTime Now() => new(Time.GetTimestamp(), Time.GetUtcNow().UtcTicks);

    public async ValueTask<SignResult> SignAsync(string tenant, int? number, IReadOnlyList<byte[]> items)
    {
        var result = await SignerOf(tenant).SignAsync(number, items);
        _uses.SignAnswered(result.Outcome, items.Count);
        if (result.Outcome is SignOutcome.Revoked && _refusals.TryTake(out var skipped))
        {
            LogRefused(tenant, result.Number, skipped);
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

    public void Dispose()
    {
        _revoked.Changed -= ChangesMissed;
        foreach (var (_, signer) in _signers)
        {
            signer.Dispose();
        }
    }

    public string VersionOf(string tenant, KeyRingState ring) => ring.VersionWith(tenant, _revoked.Versions);

    public async Task<LeaseAnswer> LeaseAsync(string tenant, string signer, KeyRingState ring)
    {
        var isGiven = false;
        try
        {
            var answer = await _store.LeaseAsync(tenant, signer, ring, _options.LeaseDuration);
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

    /// <summary>Whether a lease that is still good serves for that ring, which the store gave one for.</summary>
    public bool IsUsable(string tenant, SignerLease lease, KeyRingState ring) =>
        lease.Ring.Revision == ring.Revision && lease.Usable?.Number == UsableOf(tenant, ring)?.Number
        && (lease.Usable is null || lease.Signer is not null);

    /// <summary>A lease on a ring; it has to be extended before it is good.</summary>
    public SignerLease New(string tenant, KeyRingState ring)
    {
        if (ring.Active is { } active)
        {
            _metrics.Took(_clock.Now - active.CreatedAt);
        }

        var usable = UsableOf(tenant, ring);
        var signer = usable is null ? null : _forge.Open(tenant, usable);
        if (usable is not null && signer is null && _unreadable.TryTake(out var skipped))
        {
            LogUnreadable(tenant, usable.Number, skipped);
        }

        return new SignerLease(ring, usable, signer);
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
            var last = lease.Ring.Versions.LastOrDefault(version => version.ActivatedAt is not null);
            return new SignResult { Outcome = SignOutcome.Revoked, Number = last?.Number ?? 0 };
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

    private KeyVersion? UsableOf(string tenant, KeyRingState ring) =>
        ring.Active is { } active && !_revoked.Versions.Contains(tenant, active.Number) ? active : null;

    private TenantSigner SignerOf(string tenant)
    {
        if (_signers.TryGetValue(tenant, out var known))
        {
            return known;
        }

        // Counting takes every lock of the dictionary: only when there is a new one.
        if (_signers.Count >= SignersMax)
        {
            DropIdle();
        }

        return _signers.GetOrAdd(tenant, static (tenant, self) => new TenantSigner(tenant, self), this);
    }

    private void DropIdle()
    {
        foreach (var (tenant, _) in _signers.OrderBy(static signer => signer.Value.UsedAt).Take(SignersMax / 4))
        {
            if (_signers.TryRemove(tenant, out var signer))
            {
                signer.Dispose();
            }
        }
    }

    [LoggerMessage(4010, LogLevel.Warning,
        "Signing for tenant {Tenant} was refused: v{Version} is revoked ({Skipped} more since the last such line)")]
    private partial void LogRefused(string tenant, int version, long skipped);

    [LoggerMessage(4011, LogLevel.Critical,
        "The private key v{Version} of tenant {Tenant} does not open: it was wrapped by a key-encryption key that is " +
        "not configured, or was changed in the store. Nothing is signed for this tenant ({Skipped} more since the " +
        "last such line)")]
    private partial void LogUnreadable(string tenant, int version, long skipped);

    [LoggerMessage(4012, LogLevel.Critical,
        "The key ring of tenant {Tenant} was at epoch {Seen} and is at {Now} in the store, which has lost " +
        "acknowledged changes: a revoked key may be good in there. Nothing is signed for this tenant until the ring " +
        "is ahead again or this process is restarted")]
    private partial void LogBehind(string tenant, long seen, long now);
}
