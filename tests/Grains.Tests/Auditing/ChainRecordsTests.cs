using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>What becomes of keys stands in the chain once, each change for itself.</summary>
public class ChainRecordsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_ARingThatChangesStepByStep_HasEachChangeOnce()
    {
        var (ring, recorded, seen) = (Created(1), "", new List<string>());
        // All in one millisecond: it is not by the time that a change is known.
        Func<KeyRingState, KeyRingState>[] steps =
        [
            static ring => ring,
            static ring => KeyRing.Rotate(ring, NewKey(2), TimeSpan.Zero, Now).Next,
            static ring => KeyRing.Promote(ring, 2, isForced: true, Now).Next,
            static ring => KeyRing.Revoke(ring, 1, "lost", Now).Next,
            static ring => KeyRing.Destroy(ring, 1, Now).Next,
        ];
        foreach (var step in steps)
        {
            ring = step(ring);
            seen.AddRange(ChainRecords.Of(ring, recorded).Select(record => $"{record.Resource!.Id} {record.Action}"));
            recorded = ChainRecords.Recorded(ring);
            Assert.Empty(ChainRecords.Of(ring, recorded));
        }

        Assert.Equal(
            ["v1 key.created", "v1 key.activated", "v2 key.created", "v1 key.retired", "v2 key.activated", "v1 key.revoked",
                "v1 key.destroyed"],
            seen);
    }

    [Fact]
    public void Of_ARingThatWasLostAndMadeAnew_HasTheNewKeys()
    {
        var recorded = ChainRecords.Recorded(Created(1));

        var records = ChainRecords.Of(Created(9), recorded);

        Assert.Equal(2, records.Count);
        Assert.DoesNotContain(ChainRecords.Of(Created(1), "")[0].Id, records.Select(record => record.Id));
    }

    [Fact]
    public void Of_ARevocation_SaysWhyAndWhichKey()
    {
        var ring = KeyRing.Revoke(Created(1), 1, "laptop lost", Now).Next;

        var record = ChainRecords.Of(ring, "").Single(record => record.Action == "key.revoked");

        Assert.Equal(
            """{"algorithm":"ES256","publicKey":"AQ==","reason":"laptop lost"}""", Encoding.UTF8.GetString(record.Metadata!));
        Assert.Equal(("gatehouse", Now), (record.Actor.Type, record.OccurredAt));
        // Nobody knew of it when the key was made.
        Assert.Equal(
            """{"algorithm":"ES256","publicKey":"AQ=="}""",
            Encoding.UTF8.GetString(ChainRecords.Of(ring, "")[0].Metadata!));
    }

    [Fact]
    public void Pruned_SaysWhatWasDeleted_AndByWhichRule()
    {
        var record = ChainRecords.Pruned(0, 4_096, "ab", Now, TimeSpan.FromMilliseconds(1_500));

        Assert.Equal(
            ("gatehouse:pruned:0-4096:15000000", "audit.pruned", "audit-entries", "0-4095"),
            (record.Id, record.Action, record.Resource!.Type, record.Resource.Id));
        Assert.Equal(
            """{"from":0,"keepForMs":1500,"lastHash":"ab","lastRecordedAt":"2026-01-31T12:00:00+00:00","to":4095}""",
            Encoding.UTF8.GetString(record.Metadata!));
        Assert.Null(record.OccurredAt);
    }

    [Fact]
    public void Repaired_SaysWhereItGoesOn_WhatWasGivenUp_AndWhy()
    {
        var record = ChainRecords.Of(new ChainRepair(7, 2, "lost", Now));

        Assert.Equal(
            ($"gatehouse:repaired:7:{Now.ToUnixTimeMilliseconds()}", "audit.repaired", Now),
            (record.Id, record.Action, record.OccurredAt));
        Assert.Equal("""{"fault":"lost","givenUp":2,"size":7}""", Encoding.UTF8.GetString(record.Metadata!));
        Assert.Null(record.Resource);
    }

    [Theory]
    [InlineData(1_500, null, """{"keepForMs":1500,"legalHold":false}""")]
    [InlineData(null, "case 7", """{"legalHold":true,"reason":"case 7"}""")]
    public void RetentionSet_SaysTheRule(int? keepForMs, string? hold, string metadata)
    {
        var retention = AuditRetention.Forever with
        {
            KeepFor = keepForMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
            IsHeld = hold is not null,
            HoldReason = hold,
        };
        var unique = new Guid("00000000-0000-0000-0000-000000000007");

        var record = ChainRecords.Of(retention, Now, unique);

        Assert.Equal(
            ($"gatehouse:retention:{unique}", "audit.retention_set", Now), (record.Id, record.Action, record.OccurredAt));
        Assert.Equal(metadata, Encoding.UTF8.GetString(record.Metadata!));
    }

    // Each has an id that follows from the key and from what became of it, so that it stands in the chain once.
    [Fact]
    public void Of_AKey_HasAnIdOfItsOwnForEachChange()
    {
        var records = ChainRecords.Of(Created(1), "");

        Assert.Equal(
            ["gatehouse:key:v1:4bf5122f344554c5:created", "gatehouse:key:v1:4bf5122f344554c5:activated"],
            records.Select(record => record.Id));
        Assert.Equal("signing-key", records[0].Resource!.Type);
        Assert.Equal("4bf5122f:cre,4bf5122f:act", ChainRecords.Recorded(Created(1)));
    }

    private static KeyRingState Created(byte key) => KeyRing.Create(KeyRingState.Empty, NewKey(1, key), Now).Next;

    private static NewKey NewKey(int number, byte? key = null) =>
        new(number, SignatureAlgorithm.Es256.Name, [key ?? (byte)number], new WrappedKey("kek", [], [], []));
}
