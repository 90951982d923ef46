using CsCheck;
using Gatehouse.Chaos.Tests.Auditing.Checkers;
using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Auditing.CheckerTests;

/// <summary>Any history of a correct chain passes; drop, repeat, swap, fork or invent anything, and it does not.</summary>
public class ChainCheckerTests
{
    private const string Tenant = "acme";
    private static readonly string Genesis = new('0', 64);

    private sealed record Run(IReadOnlyList<AuditCall> Calls, IReadOnlyList<ChainEntry> Chain, int Chosen);

    // Events are recorded one after the other, each at a moment within its call; some attempts are lost or refused.
    private static readonly Gen<Run> Correct =
        from attempts in Gen.Select(Gen.Int[0, 5], Gen.Int[0, 40], Gen.Int[0, 40]).Array[4, 30]
        from chosen in Gen.Int[0, 1_000]
        select Play(attempts, chosen);

    [Fact]
    public void Check_AnyCorrectHistory_FindsNothing() =>
        Correct.Sample(run => Assert.Empty(Check(run.Calls, run.Chain)), iter: 2_000);

    [Fact]
    public void Check_AnAcknowledgedEventDropped_FindsIt() => Mutated("acknowledged is recorded", run =>
        (run.Calls, Chained([.. run.Chain.Where(entry => entry.Id != Acknowledged(run).Id)])));

    [Fact]
    public void Check_AnEventTwice_FindsIt() => Mutated("once", run =>
        (run.Calls, Chained([.. run.Chain, run.Chain[(int)Acknowledged(run).Seq]])));

    [Fact]
    public void Check_TwoEventsSwapped_FindsIt() => Mutated("acknowledged is recorded", run =>
    {
        var chain = run.Chain.ToList();
        var (one, other) = ((int)Acknowledged(run).Seq, (int)Acknowledged(run).Seq == 0 ? 1 : 0);
        (chain[one], chain[other]) = (chain[other], chain[one]);
        return (run.Calls, Chained(chain));
    });

    [Fact]
    public void Check_AnEntryThatDoesNotFollowTheOneBefore_FindsIt() => Mutated("one chain", run =>
        (run.Calls, [.. run.Chain.Select((entry, i) => i == run.Chain.Count - 1 ? entry with { Previous = Genesis } : entry)]));

    [Fact]
    public void Check_AnEntryThatIsNotWhatItsHashSays_FindsIt() => Mutated("one chain", run =>
        (run.Calls, [.. run.Chain.Select((entry, i) => i == 1 ? entry with { StatedHash = Genesis } : entry)]));

    [Fact]
    public void Check_AnotherHashAcknowledged_FindsIt() => Mutated("acknowledged is recorded", run =>
        ([.. run.Calls.Select(call => call == Acknowledged(run) ? call with { Hash = Genesis } : call)], run.Chain));

    [Fact]
    public void Check_AnEventThatNobodySent_FindsIt() => Mutated("only what was sent", run =>
        (run.Calls, Chained([.. run.Chain, Entry("made up")])));

    [Fact]
    public void Check_AnEventThatWasSaidNotToBeRecorded_FindsIt() => Mutated("only what was sent", run =>
        ([.. run.Calls, new AuditCall("shed", Ms(0), Ms(1), AuditOutcome.NotApplied)], Chained([.. run.Chain, Entry("shed")])));

    [Fact]
    public void Check_AnEventBehindOneThatBeganAfterItHadEnded_FindsIt() => Mutated("real time", run =>
    {
        var first = Acknowledged(run);
        var early = new AuditCall("early", Ms(-200), Ms(-100), AuditOutcome.Recorded)
        {
            Seq = run.Chain.Count,
            Hash = Hash("early"),
        };
        return ([early, .. run.Calls.Where(call => call != first), first], Chained([.. run.Chain, Entry("early")]));
    });

    [Fact]
    public void Check_AnUnansweredEvent_MayStandThereOrNot()
    {
        var lost = new AuditCall("lost", Ms(0), Ms(1), AuditOutcome.Unknown);
        Correct.Sample(run =>
        {
            Assert.Empty(Check([.. run.Calls, lost], run.Chain));
            Assert.Empty(Check([.. run.Calls, lost], Chained([.. run.Chain, Entry("lost")])));
        }, iter: 200);
    }

    private static void Mutated(
        string promise, Func<Run, (IReadOnlyList<AuditCall> Calls, IReadOnlyList<ChainEntry> Chain)> mutate) =>
        Correct.Where(run => run.Calls.Any(call => call.Outcome is AuditOutcome.Recorded)).Sample(run =>
        {
            var (calls, chain) = mutate(run);
            Assert.Contains(Check(calls, chain), violation => violation.Promise == promise);
        }, iter: 500);

    private static IEnumerable<Violation> Check(IReadOnlyList<AuditCall> calls, IReadOnlyList<ChainEntry> chain) =>
        new ChainChecker(Tenant, chain).Check(History<AuditCall>.Of(calls));

    private static AuditCall Acknowledged(Run run)
    {
        var all = run.Calls.Where(call => call.Outcome is AuditOutcome.Recorded).ToList();
        return all[run.Chosen % all.Count];
    }

    private static Run Play((int Kind, int Before, int After)[] attempts, int chosen)
    {
        var calls = new List<AuditCall>();
        var chain = new List<ChainEntry> { Entry("own") with { IsOwn = true }, Entry("own too") with { IsOwn = true } };
        foreach (var (i, (kind, before, after)) in attempts.Index())
        {
            var (id, at) = ($"e{i}", 10 * i);
            var call = new AuditCall(id, Ms(at - before), Ms(at + after), kind switch
            {
                0 => AuditOutcome.NotApplied,
                1 or 2 => AuditOutcome.Unknown,
                _ => AuditOutcome.Recorded,
            });
            if (kind > 1)
            {
                call = kind == 2 ? call : call with { Seq = chain.Count, Hash = Hash(id) };
                chain.Add(Entry(id));
            }

            calls.Add(call);
        }

        return new Run(calls, Chained(chain), chosen);
    }

    /// <summary>Puts entries at their places, each behind the one before.</summary>
    private static IReadOnlyList<ChainEntry> Chained(List<ChainEntry> entries) => [.. entries.Select((entry, i) =>
        entry with { Seq = i, Previous = i == 0 ? Genesis : entries[i - 1].Hash })];

    private static ChainEntry Entry(string id) => new(0, Tenant, id, Genesis, Hash(id), Hash(id), IsOwn: false);

    private static string Hash(string id) => $"hash of {id}";

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
