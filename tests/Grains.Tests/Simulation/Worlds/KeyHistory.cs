using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>What callers of one key were told and what they did, held against docs/guarantees.md.</summary>
internal sealed class KeyHistory(string name, AbandonedPolicy policy)
{
    private readonly Dictionary<long, string> _owners = [];
    private readonly HashSet<long> _effects = [];
    private (long Epoch, StoredResponse Response)? _recorded;

    public string Name => name;

    public AbandonedPolicy Policy => policy;

    /// <summary>Of the first request that was started; null: none was.</summary>
    public string? Fingerprint { get; private set; }

    /// <summary>What was acknowledged to be recorded by now; null: nothing.</summary>
    public StoredResponse? Recorded => _recorded?.Response;

    /// <summary>What is wrong with the answer to a claim; null: nothing.</summary>
    /// <param name="call">The claim.</param>
    /// <param name="recorded">What was recorded when it was made: what came while it was under way, it need not know.</param>
    /// <param name="result">The answer.</param>
    public string? Answered(BeginCall call, StoredResponse? recorded, BeginResult? result)
    {
        if (result?.Outcome is BeginOutcome.Started)
        {
            Fingerprint ??= call.Fingerprint;
            if (_recorded is not null)
            {
                return $"{name} was recorded, and is started again";
            }

            if (!_owners.TryAdd(result.Epoch, call.Owner) && _owners[result.Epoch] != call.Owner)
            {
                return $"{name}, epoch {result.Epoch}: {_owners[result.Epoch]} and {call.Owner} both own it";
            }
        }

        return recorded is not null && result is not null ? Compare(recorded, result) : null;
    }

    /// <summary>What is wrong with having the effect now; null: nothing.</summary>
    public string? HasEffect(BeginCall call, long epoch)
    {
        if (!_effects.Add(epoch))
        {
            return $"{name}, epoch {epoch}: {call.Owner} has the effect once more";
        }

        return _effects.Count > 1 && policy is AbandonedPolicy.Hold ? $"{name} had its effect twice" : null;
    }

    /// <summary>What is wrong with the answer to a completion; null: nothing.</summary>
    public string? Ended(long epoch, StepOutcome outcome, StoredResponse response)
    {
        if (outcome is StepOutcome.Done && response.Status == 200)
        {
            if (_recorded is { } earlier && earlier.Epoch != epoch)
            {
                return $"{name} was recorded by epoch {earlier.Epoch}, and again by {epoch}";
            }

            if (_owners.Keys.Max() > epoch)
            {
                return $"{name} was recorded by epoch {epoch} after {_owners.Keys.Max()} had begun";
            }

            _recorded ??= (epoch, response);
        }

        return policy is AbandonedPolicy.Hold && outcome is StepOutcome.Absent or StepOutcome.None
            ? $"{name}, epoch {epoch}: its claim is {outcome}"
            : null;
    }

    private string? Compare(StoredResponse recorded, BeginResult told) => told.Outcome switch
    {
        BeginOutcome.Mismatch => null,
        BeginOutcome.Completed when !recorded.IsTombstone && told.Response!.Body.AsSpan().SequenceEqual(recorded.Body) => null,
        BeginOutcome.Tombstoned when recorded.IsTombstone => null,
        _ => $"{name} was recorded, and is told to be {told.Outcome}",
    };
}
