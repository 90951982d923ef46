using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Fuzzing;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Gatehouse.Grains.Tests.SigningKeys;
using StackExchange.Redis;

namespace Gatehouse.Grains.Tests.Fuzzing;

/// <summary>
/// What the stores hold, as docs/operations/upgrade.md lists it, with bytes changed: read as something that it can be, or
/// refused in the one documented way. Nothing of it is a defect of whoever reads it.
/// </summary>
public class StoredRecordFuzzTests
{
    private const char Separator = '\u001f';

    private static readonly byte[] Root = SHA256.HashData([]);
    private static readonly KeyEncryptionKey Kek = new(SHA256.HashData([1]));
    private static readonly KeyPlace Place = new("t", "local", 1, "ES256");

    private static readonly FuzzTarget[] Targets =
    [
        new FuzzTarget("gatehouse:key-ring", Rings(), ReadRing, IsUnreadable(RedisKeyRingStore.Unreadable)),
        Fields("gatehouse:ceiling", ["1", "60000", "1", "1704067200000:5:9", "56", "3", "57", "4"], ReadCounts,
            static failure => failure is FormatException),
        Fields("gatehouse:audit-end", End(), ReadEnd, static failure => failure is FormatException),
        Fields("idempotency",
            ["completed", "3", "fingerprint", "", "201", """{"Location":"/refunds/9"}""", "body"], ReadKey,
            IsUnreadable("state_unreadable")),
        Fields("idempotency, in progress", ["in_progress", "1", "fingerprint", "59000", "", "", ""], ReadKey,
            IsUnreadable("state_unreadable")),
        new FuzzTarget("gatehouse-private-key/1", [JsonSerializer.SerializeToUtf8Bytes(Kek.Wrap(Place, Root))], ReadEnvelope,
            static failure => failure is CryptographicException or JsonException),
    ];

    public static TheoryData<string> Names { get; } = [.. Targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void ChangedRecord_IsRefusedOrMeansSomething(string name) =>
        FuzzRun.Read(Targets.Single(target => target.Name == name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Records_AreRead(string name)
    {
        var target = Targets.Single(one => one.Name == name);

        Assert.All(target.Samples, sample => target.Read(sample));
    }

    // Found by the above: a number, and no time.
    [Theory]
    [InlineData("590590590590590590")]
    [InlineData("-590590590590590590")]
    public void IdempotencyRecord_WithALeaseThatNoTimeIsAsLongAs_IsUnreadable(string lease)
    {
        var refusal = Assert.Throws<ServiceOverloadedException>(
            () => ReadKey(["in_progress", "1", "fingerprint", lease, "", "", ""]));
        Assert.Equal("state_unreadable", refusal.Reason);
    }

    private static Func<Exception, bool> IsUnreadable(string reason) => failure =>
        failure is ServiceOverloadedException { Applied: Applied.No } refusal && refusal.Reason == reason;

    /// <summary>A hash of the store: its fields are changed, and stay as many.</summary>
    private static FuzzTarget Fields(
        string name, string[] fields, Action<string[]> read, Func<Exception, bool> isRefusal) => new(
            name, [Encoding.UTF8.GetBytes(string.Join(Separator, fields))],
            bytes =>
            {
                var changed = Encoding.UTF8.GetString(bytes).Split(Separator);
                read(changed.Length == fields.Length ? changed : [.. changed.Concat(fields).Take(fields.Length)]);
            },
            isRefusal);

    private static byte[][] Rings() =>
    [
        JsonSerializer.SerializeToUtf8Bytes(SigningKeys.Rings.Of(KeyStatus.Retired, KeyStatus.Active, KeyStatus.Pending)),
        JsonSerializer.SerializeToUtf8Bytes(SigningKeys.Rings.Of(KeyStatus.Destroyed, KeyStatus.Revoked)),
        JsonSerializer.SerializeToUtf8Bytes(KeyRingState.Empty),
    ];

    /// <summary>As rings are used: shown, counted, recorded in the chain, and opened.</summary>
    private static void ReadRing(byte[] bytes)
    {
        var ring = RedisKeyRingStore.Read(Encoding.UTF8.GetString(bytes));
        var shown = ring.Snapshot("t", new RevokedVersions(["v1"]));
        Assert.Equal(ring.Versions.Count, shown.Versions.Count);
        Assert.All(shown.Versions, version => Assert.True(KeyVersions.TryParse(version.Name, out _)));
        Assert.Equal(ring.Active?.Number, ring.Find(ring.Active?.Number ?? 0)?.Number);
        Assert.NotNull(ring.Keks());
        ChainRecords.Of(ring, "");
        ChainRecords.Recorded(ring);
    }

    private static void ReadCounts(string[] fields)
    {
        var answer = RedisCeilingStore.Read([.. fields.Select((field, place) =>
            RedisResult.Create((RedisValue)(place == 0 ? "1" : field)))]);
        Assert.Equal((fields.Length - 4) / 2, answer.Counts.Count);
    }

    private static string[] End() =>
    [
        "7", "2", Convert.ToHexStringLower(Root), Convert.ToHexStringLower(MerkleFrontier.Empty.Append([Root, Root]).ToBytes()),
        "", "0", "0", JsonSerializer.Serialize(new ChainRepair(2, 1, "fault", DateTimeOffset.UnixEpoch)),
        "2", Convert.ToHexStringLower(Root), "1704067200000", "note", "01234567:cre",
    ];

    private static void ReadEnd(string[] fields)
    {
        var opened = RedisAuditStore.Read(fields);
        Assert.True(opened.End.Size >= 0);
        if (opened.Repair is { } repair)
        {
            ChainRecords.Of(repair);
        }
    }

    private static void ReadKey(string[] fields)
    {
        var stored = RedisIdempotencyStore.Read([.. fields.Select(field => (RedisValue)field)]);
        IdempotencyKey.Answer(stored, stored.Fingerprint);
        Assert.All(stored.Response?.Headers.Values ?? [], Assert.NotNull);
    }

    private static void ReadEnvelope(byte[] bytes)
    {
        var wrapped = JsonSerializer.Deserialize<WrappedKey>(bytes, RedisKeyRingStore.Strict)
            ?? throw new JsonException("Nothing.");
        Assert.Equal(Root, Kek.Unwrap(Place, wrapped));
    }
}
