using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>What was done to a chain has a name, and the place where it begins.</summary>
public class ChainCheckTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly AuditEntry[] Entries =
        [.. AuditChain.Append("acme", ChainEnd.Empty, [Event("a"), Event("b"), Event("c")], Now).Entries];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Next_OfAChainThatIsSound_FindsNothing(bool hasLeaves)
    {
        for (var seq = 0; seq < Entries.Length; seq++)
        {
            Assert.Null(ChainCheck.Next("acme", seq, Previous(seq), Entries[seq].Bytes, hasLeaves ? Entries[seq].Hash : null));
        }
    }

    [Fact]
    public void Next_WhereNothingIs_IsADeletion()
    {
        Assert.Equal(
            new AuditFault(1, "delete", Hex(Entries[1]), ""), ChainCheck.Next("acme", 1, Previous(1), null, Entries[1].Hash));
        Assert.Equal(
            new AuditFault(1, "delete", "an entry", ""), ChainCheck.Next("acme", 1, Previous(1), null, null));
    }

    [Fact]
    public void Next_OfAnotherEntry_IsAnEdit_AndOfOneFromAnotherPlaceAReorder()
    {
        var edited = AuditChain.Append("acme", After(1), [Event("x")], Now).Entries[0];

        Assert.Equal(
            new AuditFault(1, "edit", Hex(Entries[1]), Hex(edited)),
            ChainCheck.Next("acme", 1, Previous(1), edited.Bytes, Entries[1].Hash));
        Assert.Equal(
            new AuditFault(1, "reorder", Hex(Entries[1]), Hex(Entries[2])),
            ChainCheck.Next("acme", 1, Previous(1), Entries[2].Bytes, Entries[1].Hash));
    }

    // Only its number or only the entry before it is another one: somebody wrote that, it was not moved as it stands.
    [Fact]
    public void Next_OfAnEntryThatWasMovedInPart_IsAnEdit()
    {
        var renumbered = AuditEntry.Compose("acme", 2, Previous(1), Now, Event("b"));
        var relinked = AuditEntry.Compose("acme", 1, Previous(2), Now, Event("b"));

        Assert.Equal("edit", ChainCheck.Next("acme", 1, Previous(1), renumbered.Bytes, Entries[1].Hash)!.Kind);
        Assert.Equal("edit", ChainCheck.Next("acme", 1, Previous(1), relinked.Bytes, Entries[1].Hash)!.Kind);
    }

    [Fact]
    public void Next_WithoutALeaf_GoesByTheEntryItself()
    {
        var renumbered = AuditEntry.Compose("acme", 2, Previous(1), Now, Event("b"));
        var other = AuditEntry.Compose("other", 1, Previous(1), Now, Event("b"));

        Assert.Equal(new AuditFault(1, "reorder", "1", "2"), Of(renumbered.Bytes));
        Assert.Equal(new AuditFault(1, "edit", "acme", "other"), Of(other.Bytes));
        Assert.Equal(new AuditFault(1, "edit", Previous(1), Previous(2)), Of(Entries[2].Bytes));

        static AuditFault? Of(byte[] bytes) => ChainCheck.Next("acme", 1, Previous(1), bytes, null);
    }

    [Fact]
    public void Next_OfWhatIsNoEntry_IsAnEdit()
    {
        var nonsense = "nonsense"u8.ToArray();
        var actual = Convert.ToHexStringLower(MerkleTree.Leaf(nonsense));

        Assert.Equal(
            new AuditFault(1, "edit", Hex(Entries[1]), actual),
            ChainCheck.Next("acme", 1, Previous(1), nonsense, Entries[1].Hash));
        Assert.Equal(
            new AuditFault(1, "edit", "an entry", actual), ChainCheck.Next("acme", 1, Previous(1), nonsense, null));
    }

    private static ChainEnd After(int count) =>
        AuditChain.Adopt("acme", ChainEnd.Empty, [.. Entries.Take(count).Select(entry => entry.Bytes)])!;

    private static string Previous(int seq) => seq == 0 ? AuditEntry.Genesis : Hex(Entries[seq - 1]);

    private static string Hex(AuditEntry entry) => Convert.ToHexStringLower(entry.Hash);

    private static AuditEvent Event(string id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "login",
        Outcome = AuditOutcome.Success,
    };
}
