using System.Diagnostics.Metrics;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>What keys are used for, whichever process does it: never a tenant or a version as a label.</summary>
public sealed class KeyUseMetrics
{
    /// <summary>The meter of all that has to do with signing keys.</summary>
    public const string MeterName = "Gatehouse.SigningKeys";

    private readonly Counter<long> _revoked;
    private readonly Counter<long> _signed;
    private readonly Counter<long> _verified;

    /// <summary>Makes the instruments.</summary>
    public KeyUseMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _revoked = meter.CreateCounter<long>(
            "audit.revoked_key_usage", description: "Uses of revoked keys: verify (a good signature), sign_refused.");
        _signed = meter.CreateCounter<long>("gatehouse.keys.signatures", description: "Signing, by outcome.");
        _verified = meter.CreateCounter<long>("gatehouse.keys.verifications", description: "Verifying, by outcome.");
    }

    /// <summary>Counts one call to sign that many items.</summary>
    public void SignAnswered(SignOutcome outcome, int count)
    {
        _signed.Add(count, Tag("outcome", outcome switch
        {
            SignOutcome.Done => "signed",
            SignOutcome.Revoked => "revoked",
            SignOutcome.NotActive => "not_active",
            SignOutcome.NotFound => "not_found",
            SignOutcome.Unreadable => "unreadable",
            _ => "none",
        }));
        if (outcome is SignOutcome.Revoked)
        {
            _revoked.Add(count, Tag("operation", "sign_refused"));
        }
    }

    /// <summary>Counts one signature that was looked at.</summary>
    public void VerifyAnswered(SignatureVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        _verified.Add(1, Tag("outcome", verdict switch
        {
            { Status: KeyStatus.None } => "unknown_key",
            { IsValid: false } => "invalid",
            { Status: KeyStatus.Revoked } => "revoked",
            _ => "valid",
        }));
        if (verdict is { IsValid: true, Status: KeyStatus.Revoked })
        {
            _revoked.Add(1, Tag("operation", "verify"));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
