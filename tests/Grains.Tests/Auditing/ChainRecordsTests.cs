using System.Text;
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
    }

    private static KeyRingState Created(byte key) => KeyRing.Create(KeyRingState.Empty, NewKey(1, key), Now).Next;

    private static NewKey NewKey(int number, byte? key = null) =>
        new(number, SignatureAlgorithm.Es256.Name, [key ?? (byte)number], new WrappedKey("kek", [], [], []));
}
