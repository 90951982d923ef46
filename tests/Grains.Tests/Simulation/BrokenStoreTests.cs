using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Tests.RateLimiting;
using Gatehouse.Grains.Tests.Simulation.Worlds;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>
/// Each promise can be broken: a store that leaves one comparison out, or a silo that does not look, is found within a few
/// seeds. A simulation that finds nothing in these proves nothing of the others.
/// </summary>
public class BrokenStoreTests(ITestOutputHelper log)
{
    private const int SeedsMax = 100;

    [Fact]
    public void RateLimit_AReservationThatIsForgotten_AdmitsTooMuch() =>
        AssertFound("admitted", simulated => new RateWorld(simulated, new ForgetsReservations().Apply));

    [Fact]
    public void RateLimit_ARequestThatIsAppliedEachTimeItIsSent_RefusesWithoutACause() =>
        AssertFound("refused", simulated => new RateWorld(simulated, new AppliesAgain().Apply));

    [Fact]
    public void RateLimit_AStandstillThatNobodyNotices_AdmitsWithoutTheStore() =>
        AssertFound("after a standstill", simulated => new RateWorld(simulated) { NoticesStandstills = false });

    [Fact]
    public void AuditChain_AnAppendThatDoesNotCompare_Forks() =>
        AssertFound("entry", simulated => new AuditWorld(simulated, DoesNotCompare));

    [Fact]
    public void AuditChain_IdsThatAreNotLookedFor_RecordTwice() =>
        AssertFound("should not|was acknowledged at", simulated => new AuditWorld(simulated, DoesNotKnowIds));

    [Fact]
    public void IdempotencyKey_AClaimThatAnybodyTakes_StartsTwice() =>
        AssertFound("both own|twice", simulated => new IdempotencyWorld(simulated, AnybodyClaims));

    [Fact]
    public void IdempotencyKey_AnEndWithoutItsEpoch_IsRecordedByAnOldOwner() =>
        AssertFound("was recorded", simulated => new IdempotencyWorld(simulated, AnybodyEnds));

    [Fact]
    public void KeyRing_AReplacementThatDoesNotCompare_LosesChanges() =>
        AssertFound("was|rings of epoch", simulated => new KeyRingWorld(simulated, ReplacesAnything));

    [Fact]
    public void KeyRing_ARevocationThatWaitsForNobody_IsSignedAfter() =>
        AssertFound("signed", simulated => new KeyRingWorld(simulated, KnowsNoHolders));

    /// <summary>One thing is enough for this one, and few steps: the others are left out, and it fails all the same.</summary>
    [Fact]
    public void Shrink_LeavesWhatTheFailureNeeds()
    {
        var explorer = new Explorer(simulated => new AuditWorld(simulated, DoesNotKnowIds));
        var all = Enumerable.Range(0, SeedsMax).Select(seed => new SimulationCase(seed, SimulationCase.StepsMax, Faults.All))
            .First(simulated => explorer.Play(simulated) is not null);

        var smallest = explorer.Shrink(all);

        Assert.NotNull(explorer.Play(smallest));
        Assert.InRange(int.PopCount((int)smallest.Faults), 0, 1);
        Assert.InRange(smallest.Steps, 1, 20);
        Assert.StartsWith($"[InlineData({all.Seed}, {smallest.Steps}, Faults.", smallest.Line);
    }

    private void AssertFound(string what, Func<SimulationCase, World> create)
    {
        var found = new Explorer(create).Find(SeedsMax);
        Assert.NotNull(found);
        Assert.Matches(what, found.Value.Broken);
        log.WriteLine($"{found.Value.Case.Line} {found.Value.Broken}");
    }

    private static Defect DoesNotCompare(FakeAuditStore store) => (command, arguments) =>
    {
        if (command == nameof(IAuditStore.AppendAsync))
        {
            arguments[2] = store.Of((string)arguments[0]!).End;
        }

        return null;
    };

    private static Defect DoesNotKnowIds(FakeAuditStore store) => (command, arguments) =>
    {
        if (command == nameof(IAuditStore.AppendAsync))
        {
            store.Of((string)arguments[0]!).Ids.Clear();
        }

        return null;
    };

    private static Defect AnybodyClaims(FakeIdempotencyStore store) => (command, arguments) =>
        command == nameof(IIdempotencyStore.BeginAsync) ? BeginAsync(store, arguments) : null;

    private static async Task<Begun> BeginAsync(FakeIdempotencyStore store, object?[] arguments) =>
        await store.ReadAsync((string)arguments[0]!) is { State: KeyState.InProgress } known
            ? new Begun(known.Epoch, null)
            : await store.BeginAsync((string)arguments[0]!, (BeginCall)arguments[1]!, (TimeSpan)arguments[2]!);

    private static Defect AnybodyEnds(FakeIdempotencyStore store) => (command, arguments) =>
        command == nameof(IIdempotencyStore.EndAsync) ? EndAsync(store, arguments) : null;

    private static async Task<StepOutcome> EndAsync(FakeIdempotencyStore store, object?[] arguments)
    {
        var name = (string)arguments[0]!;
        return await store.EndAsync(name, (await store.ReadAsync(name))?.Epoch ?? 0, (KeyState)arguments[2]!,
            (StoredResponse)arguments[3]!, (TimeSpan)arguments[4]!);
    }

    private static Defect ReplacesAnything(FakeKeyRingStore store) => (command, arguments) =>
        command == nameof(IKeyRingStore.ReplaceAsync) ? ReplaceAsync(store, arguments) : null;

    private static async Task<bool> ReplaceAsync(FakeKeyRingStore store, object?[] arguments)
    {
        var tenant = (string)arguments[0]!;
        return await store.ReplaceAsync(tenant, await store.ReadAsync(tenant), (KeyRingState)arguments[2]!);
    }

    private static Defect KnowsNoHolders(FakeKeyRingStore store) => (command, _) =>
        command == nameof(IKeyRingStore.HoldersAsync) ? Task.FromResult<int?>(0) : null;

    /// <summary>Whoever comes anew finds nothing, as if what others reserved were only in their memory.</summary>
    private sealed class ForgetsReservations
    {
        private readonly Dictionary<string, CeilingModel> _owners = [];

        public Task<ReserveAnswer>? Apply(string command, object?[] arguments)
        {
            var owner = (string)arguments[1]!;
            if (!_owners.TryGetValue(owner, out var model))
            {
                _owners[owner] = model = new CeilingModel();
            }

            return Task.FromResult(model.Reserve(owner, (ReserveRequest)arguments[2]!));
        }
    }

    /// <summary>Each request as if it were a new one.</summary>
    private sealed class AppliesAgain
    {
        private long _sequence;

        public Task? Apply(string command, object?[] arguments)
        {
            if (arguments[2] is ReserveRequest request)
            {
                arguments[2] = request with { Sequence = request.Sequence + (1_000_000 * ++_sequence) };
            }

            return null;
        }
    }
}
