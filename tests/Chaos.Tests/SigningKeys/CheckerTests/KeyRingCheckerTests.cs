using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.SigningKeys.Checkers;

namespace Gatehouse.Chaos.Tests.SigningKeys.CheckerTests;

/// <summary>A correct history passes, and each with one wrong deed or finding in it does not.</summary>
public class KeyRingCheckerTests
{
    private static readonly KeyCall First = Call(KeyStep.Sign, 1, "v1") with { Data = "a", Signature = "s" };
    private static readonly KeyCall UnderWay = new(KeyStep.Sign, Ms(29), Ms(40), KeyOutcome.Done) { Version = "v1", Data = "b" };
    private static readonly KeyCall Second = Call(KeyStep.Sign, 35, "v2") with { Data = "c", Signature = "s" };

    private static readonly KeyCall[] Correct =
    [
        First,
        Call(KeyStep.Rotate, 10, "v2"),
        Call(KeyStep.Promote, 20, "v2"),
        Call(KeyStep.Revoke, 24, "v1", KeyOutcome.Unknown),
        Call(KeyStep.Revoke, 28, "v1") with { End = Ms(30) },
        UnderWay,
        Second,
        Call(KeyStep.Sign, 36, null, KeyOutcome.NotApplied),
    ];

    private static readonly RingVersion[] Ring = [new("v1", "revoked"), new("v2", "active")];

    private static readonly SignatureFinding[] Findings =
        [new(First, true, "revoked"), new(UnderWay, true, "revoked"), new(Second, true, "active")];

    [Fact]
    public void Check_ACorrectHistory_FindsNothing() => Assert.Empty(Check(Ring, Findings, Correct));

    [Fact]
    public void Check_ASignatureBegunAfterTheRevocation_FindsIt() =>
        Finds("revoked signs nothing", Ring, Findings, [.. Correct, Call(KeyStep.Sign, 31, "v1")]);

    [Fact]
    public void Check_ARevocationThatIsNotInTheRing_FindsIt() => Finds(
        "acknowledged is in the ring", [new("v1", "retired"), new("v2", "active")],
        [new(First, true, "retired")], Correct);

    [Fact]
    public void Check_ARotationThatIsNotInTheRing_FindsIt() => Finds(
        "acknowledged is in the ring", [.. Ring, new("v3", "pending")], Findings,
        [.. Correct, Call(KeyStep.Rotate, 50, "v3"), Call(KeyStep.Rotate, 60, "v4")]);

    [Theory]
    [InlineData("retired")]
    [InlineData("pending")]
    public void Check_NoActiveVersion_FindsIt(string status) => Assert.Contains(
        Check([new("v1", "revoked"), new("v2", status)], [], Correct), violation => violation.Promise == "one active version");

    [Fact]
    public void Check_TwoActiveVersions_FindsIt() => Finds(
        "one active version", [.. Ring, new("v3", "active")], Findings, [.. Correct, Call(KeyStep.Rotate, 50, "v3")]);

    [Fact]
    public void Check_AVersionThatNobodyAskedFor_FindsIt() =>
        Finds("no version that nobody asked for", [.. Ring, new("v3", "pending")], Findings, Correct);

    [Fact]
    public void Check_ASignatureThatDoesNotVerify_FindsIt() =>
        Finds("every signature verifies", Ring, [.. Findings[1..], new(First, false, "revoked")], Correct);

    [Fact]
    public void Check_ASignatureThatIsNotMarked_FindsIt() =>
        Finds("every signature verifies", Ring, [.. Findings[1..], new(First, true, "active")], Correct);

    private static void Finds(string promise, RingVersion[] ring, SignatureFinding[] findings, KeyCall[] calls) =>
        Assert.Equal(promise, Assert.Single(Check(ring, findings, calls).DistinctBy(violation => violation.Promise)).Promise);

    private static Violation[] Check(RingVersion[] ring, SignatureFinding[] findings, KeyCall[] calls) =>
        [.. new KeyRingChecker(ring, findings).Check(History<KeyCall>.Of(calls))];

    private static KeyCall Call(KeyStep step, int at, string? version, KeyOutcome outcome = KeyOutcome.Done) =>
        new(step, Ms(at), Ms(at + 1), outcome) { Version = version };

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
