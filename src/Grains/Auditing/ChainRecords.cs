using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Auditing;

/// <summary>
/// What Gatehouse itself records in a tenant's chain: changes of its keys, deletions, repairs. Each has an id of its
/// own that follows from what happened, so that it stands there once.
/// </summary>
internal static class ChainRecords
{
    private static readonly AuditParty Self = new(AuditEvent.ReservedActorType, "gatehouse");

    /// <summary>What became of a ring's keys and is not recorded yet, in the order in which it happened.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="recorded">What is recorded: <see cref="Recorded"/> of an earlier ring; empty: nothing.</param>
    public static IReadOnlyList<AuditEvent> Of(KeyRingState ring, string recorded)
    {
        var known = recorded.Split(',').ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from version in ring.Versions
               from change in Changes(version)
               where !known.Contains(Mark(version, change.What))
               orderby change.At, version.Number
               select Key(version, change.What, change.At),
        ];
    }

    /// <summary>
    /// Everything that became of a ring's keys, in short. By itself, not by time: two changes can have one.
    /// </summary>
    public static string Recorded(KeyRingState ring) => string.Join(
        ',', from version in ring.Versions from change in Changes(version) select Mark(version, change.What));

    /// <summary>Entries that are deleted because they were to be kept for so long.</summary>
    public static AuditEvent Pruned(
        long from, long before, string lastHash, DateTimeOffset lastRecordedAt, TimeSpan keepFor) => Record(
            string.Create(CultureInfo.InvariantCulture, $"pruned:{from}-{before}:{keepFor.Ticks}"), "audit.pruned",
            new AuditParty("audit-entries", string.Create(CultureInfo.InvariantCulture, $"{from}-{before - 1}")), null,
            new Dictionary<string, object?>
            {
                ["from"] = from,
                ["to"] = before - 1,
                ["lastHash"] = lastHash,
                ["lastRecordedAt"] = lastRecordedAt,
                ["keepForMs"] = (long)keepFor.TotalMilliseconds,
            });

    /// <summary>A frozen chain that goes on.</summary>
    public static AuditEvent Of(ChainRepair repair) => Record(
        string.Create(CultureInfo.InvariantCulture, $"repaired:{repair.Size}:{repair.At.ToUnixTimeMilliseconds()}"),
        "audit.repaired", null, repair.At, new Dictionary<string, object?>
        {
            ["size"] = repair.Size,
            ["givenUp"] = repair.GivenUp,
            ["fault"] = repair.Fault,
        });

    /// <summary>Another rule for how long entries are kept.</summary>
    /// <param name="retention">The rule.</param>
    /// <param name="at">When it was set.</param>
    /// <param name="unique">Tells it from another one of the same time.</param>
    public static AuditEvent Of(AuditRetention retention, DateTimeOffset at, Guid unique) => Record(
        $"retention:{unique}", "audit.retention_set", null, at, new Dictionary<string, object?>
        {
            ["keepForMs"] = (long?)retention.KeepFor?.TotalMilliseconds,
            ["legalHold"] = retention.IsHeld,
            ["reason"] = retention.HoldReason,
        });

    private static IEnumerable<(string What, DateTimeOffset At)> Changes(KeyVersion version)
    {
        yield return ("created", version.CreatedAt);
        if (version.ActivatedAt is { } activated)
        {
            yield return ("activated", activated);
        }

        if (version.RetiredAt is { } retired)
        {
            yield return ("retired", retired);
        }

        if (version.RevokedAt is { } revoked)
        {
            yield return ("revoked", revoked);
        }

        if (version.DestroyedAt is { } destroyed)
        {
            yield return ("destroyed", destroyed);
        }
    }

    private static string Mark(KeyVersion version, string what) => $"{Print(version)[..8]}:{what[..3]}";

    /// <summary>A ring that was lost and made anew counts from v1 again: those are other keys.</summary>
    private static string Print(KeyVersion version) =>
        Convert.ToHexStringLower(SHA256.HashData(version.PublicKey))[..16];

    private static AuditEvent Key(KeyVersion version, string what, DateTimeOffset at)
    {
        var name = KeyVersions.Name(version.Number);
        return Record($"key:{name}:{Print(version)}:{what}", $"key.{what}", new AuditParty("signing-key", name), at,
            new Dictionary<string, object?>
            {
                ["algorithm"] = version.Algorithm,
                ["publicKey"] = Convert.ToBase64String(version.PublicKey),
                ["reason"] = what == "revoked" ? version.Reason : null,
            });
    }

    private static AuditEvent Record(
        string id, string action, AuditParty? resource, DateTimeOffset? at, Dictionary<string, object?> metadata)
    {
        var output = new ArrayBufferWriter<byte>();
        CanonicalJson.Write(output, JsonSerializer.SerializeToElement(
            metadata.Where(member => member.Value is not null)
                .ToDictionary(member => member.Key, member => member.Value)));
        return new AuditEvent
        {
            Id = AuditEvent.ReservedIdPrefix + id,
            Actor = Self,
            Action = action,
            Resource = resource,
            Outcome = AuditOutcome.Success,
            OccurredAt = at,
            Metadata = output.WrittenSpan.ToArray(),
        };
    }
}
