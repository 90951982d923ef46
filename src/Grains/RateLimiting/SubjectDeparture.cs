using System.Collections.Concurrent;

namespace Gatehouse.Grains.RateLimiting;

/// <summary>
/// Lets the subjects of a silo leave before the silo says that it leaves. From that word on the other silos drop its
/// subjects and make successors, which would read counts that are still on their way to the store.
/// </summary>
internal sealed class SubjectDeparture : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>
    /// Fewer than the store has places for: what finds none is not told, and others still need the store meanwhile.
    /// </summary>
    public const int AtOnce = 256;

    private static readonly DeactivationReason Reason = new(
        DeactivationReasonCode.ShuttingDown, "The silo is about to leave.");

    private readonly ConcurrentDictionary<IGrainContext, byte> _here = new();
    private volatile bool _hasBegun;

    /// <summary>
    /// From now on a subject here admits nothing that the store has not acknowledged, and reserves nothing ahead: its
    /// successor may be called at any moment.
    /// </summary>
    public bool HasBegun => _hasBegun;

    public void Enter(IGrainContext subject) => _here.TryAdd(subject, 0);

    public void Leave(IGrainContext subject) => _here.TryRemove(subject, out _);

    /// <summary>Every subject tells the store its counts and leaves memory.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        var leaving = Parallel.ForEachAsync(_here.Keys.ToList(), options, static async (subject, cancellation) =>
        {
            subject.Deactivate(Reason, cancellation);
            await subject.Deactivated.WaitAsync(cancellation);
        });
        await leaving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // The silo stops being active one stage later, and says so then.
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(SubjectDeparture), ServiceLifecycleStage.Active, _ => Task.CompletedTask, LeaveAsync);
}
