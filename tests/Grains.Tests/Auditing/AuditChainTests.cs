using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>The format of an entry, which never changes, and the rules of a chain.</summary>
public class AuditChainTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void Entry_OfFormat1_IsTheseVeryBytes()
    {
        var (_, entries) = AuditChain.Append("acme", ChainEnd.Empty, [Full(), Bare()], Now);

        var first = Encoding.UTF8.GetString(entries[0].Bytes);
        var second = Encoding.UTF8.GetString(entries[1].Bytes);

        Assert.Equal(
            """
            {"action":"order.refund","actor":{"id":"7","type":"user"},"id":"e1","metadata":{"a":1,"b":"é"},
            "occurredAt":"2026-01-31T11:59:59.000Z","outcome":"denied",
            "prevHash":"0000000000000000000000000000000000000000000000000000000000000000",
            "recordedAt":"2026-01-31T12:00:00.123Z","resource":{"id":"42","type":"order"},"seq":0,"source":"shop",
            "tenant":"acme","trace":"00-ab","v":1}
            """.ReplaceLineEndings(""),
            first);
        Assert.Equal(
            """
            {"action":"login","actor":{"id":"\"q\"","type":"user"},"id":"e2","occurredAt":"2026-01-31T12:00:00.123Z",
            "outcome":"success","prevHash":"HASH","recordedAt":"2026-01-31T12:00:00.123Z","seq":1,"tenant":"acme","v":1}
            """.ReplaceLineEndings("").Replace("HASH", Hash(entries[0]), StringComparison.Ordinal),
            second);
        Assert.Equal("573edfe4b17f60f3be2e5287cfeebca9d299a67fbf6cdffdcca6c36170d9faa5", Hash(entries[1]));
    }

    [Fact]
    public void Entry_IsCanonical()
    {
        var (_, entries) = AuditChain.Append("acme", ChainEnd.Empty, [Full(), Bare()], Now);

        Assert.All(entries, entry =>
        {
            using var json = JsonDocument.Parse(entry.Bytes);
            var output = new System.Buffers.ArrayBufferWriter<byte>();
            CanonicalJson.Write(output, json.RootElement);
            Assert.Equal(entry.Bytes, output.WrittenSpan.ToArray());
        });
    }

    [Fact]
    public void Append_InOneGoOrOneByOne_IsTheSameChain()
    {
        var (at_once, all) = AuditChain.Append("acme", ChainEnd.Empty, [Full(), Bare()], Now);
        var (first, one) = AuditChain.Append("acme", ChainEnd.Empty, [Full()], Now);
        var (second, other) = AuditChain.Append("acme", first, [Bare()], Now);

        Assert.Equal((2L, at_once.Hash), (second.Size, second.Hash));
        Assert.Equal(at_once.Tree.Root(), second.Tree.Root());
        Assert.Equal(all.Select(Hash), one.Concat(other).Select(Hash));
    }

    [Fact]
    public void Adopt_EntriesThatFollow_AndNoOthers()
    {
        var (end, entries) = AuditChain.Append("acme", ChainEnd.Empty, [Full(), Bare(), Full()], Now);
        var stored = entries.Select(entry => entry.Bytes).ToList();
        var (first, _) = AuditChain.Append("acme", ChainEnd.Empty, [Full()], Now);

        Assert.Equal(end.Hash, AuditChain.Adopt("acme", first, [.. stored.Skip(1)])!.Hash);
        Assert.Null(AuditChain.Adopt("acme", first, stored));
        Assert.Null(AuditChain.Adopt("acme", first, [.. stored.Skip(2)]));
        Assert.Null(AuditChain.Adopt("other", first, [.. stored.Skip(1)]));
        Assert.Null(AuditChain.Adopt("acme", first, ["nonsense"u8.ToArray()]));
        stored[1] = [.. stored[1]];
        stored[1][12] ^= 1;
        Assert.Null(AuditChain.Adopt("acme", first, [.. stored.Skip(1)]));
    }

    [Fact]
    public void IsSame_GoesByTheContentAndNotByThePlace()
    {
        var (_, entries) = AuditChain.Append("acme", ChainEnd.Empty, [Bare(), Full()], Now);

        Assert.True(AuditChain.IsSame("acme", entries[1].Bytes, Full()));
        Assert.True(AuditChain.IsSame("acme", entries[0].Bytes, Bare()));
        Assert.False(AuditChain.IsSame("acme", entries[1].Bytes, Full() with { Action = "order.cancel" }));
        Assert.False(AuditChain.IsSame("acme", entries[0].Bytes, Bare() with { OccurredAt = Now.AddSeconds(1) }));
    }

    [Theory]
    [InlineData("ab", "ab", true)]
    [InlineData("ab", "ac", false)]
    [InlineData("a", "ab", false)]
    [InlineData("ab", "a", false)]
    [InlineData("a", "a", false)]
    public void AreSame_OfTwoEntries_IsSoWhereBothHaveThem(string stored, string kept, bool areSame) =>
        Assert.Equal(areSame, AuditChain.AreSame(2, Bytes(stored), Bytes(kept)));

    private static byte[][] Bytes(string entries) => [.. entries.Select(static entry => new[] { (byte)entry })];

    private static string Hash(AuditEntry entry) => Convert.ToHexStringLower(entry.Hash);

    private static AuditEvent Bare() => new()
    {
        Id = "e2",
        Actor = new AuditParty("user", "\"q\""),
        Action = "login",
        Outcome = AuditOutcome.Success,
    };

    private static AuditEvent Full() => new()
    {
        Id = "e1",
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Resource = new AuditParty("order", "42"),
        Outcome = AuditOutcome.Denied,
        OccurredAt = new DateTimeOffset(2026, 1, 31, 12, 59, 59, TimeSpan.FromHours(1)),
        Source = "shop",
        Trace = "00-ab",
        Metadata = Encoding.UTF8.GetBytes("""{"a":1,"b":"é"}"""),
    };
}
