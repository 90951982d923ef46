namespace Gatehouse.Grains.Abstractions.Idempotency;

/// <summary>One key of one endpoint of one tenant, and the grain that it is with.</summary>
public readonly record struct IdempotencyKeyHandle
{
    /// <summary>Into how many lanes the keys of a region are parted; each is a grain.</summary>
    public const int Lanes = 256;

    private readonly IIdempotencyGrain _grain;

    internal IdempotencyKeyHandle(IIdempotencyGrain grain, string name) => (_grain, Name) = (grain, name);

    /// <summary>The key's name (<see cref="IdempotencyKeyName"/>).</summary>
    public string Name { get; }

    /// <inheritdoc cref="IIdempotencyGrain.BeginAsync"/>
    public Task<BeginResult> BeginAsync(BeginCall asked)
    {
        ArgumentNullException.ThrowIfNull(asked);
        return asked.Wait > TimeSpan.Zero ? _grain.BeginWaitingAsync(Name, asked) : _grain.BeginAsync(Name, asked);
    }

    /// <inheritdoc cref="IIdempotencyGrain.CompleteAsync"/>
    public Task<StepOutcome> CompleteAsync(long epoch, StoredResponse response) =>
        _grain.CompleteAsync(Name, epoch, response);

    /// <inheritdoc cref="IIdempotencyGrain.ReleaseAsync"/>
    public Task<StepOutcome> ReleaseAsync(long epoch) => _grain.ReleaseAsync(Name, epoch);

    /// <inheritdoc cref="IIdempotencyGrain.GiveBackAsync"/>
    public Task<StepOutcome> GiveBackAsync(string owner) => _grain.GiveBackAsync(Name, owner);

    /// <inheritdoc cref="IIdempotencyGrain.RenewAsync"/>
    public Task<StepOutcome> RenewAsync(long epoch, TimeSpan lease) => _grain.RenewAsync(Name, epoch, lease);

    /// <inheritdoc cref="IIdempotencyGrain.GetAsync"/>
    public Task<IdempotencyEntry?> GetAsync() => _grain.GetAsync(Name);

    /// <summary>FNV-1a: the same in every process and version, which the framework's own hash is not.</summary>
    internal static int LaneOf(string name)
    {
        var hash = 2_166_136_261u;
        foreach (var letter in name)
        {
            hash = unchecked((hash ^ letter) * 16_777_619u);
        }

        return (int)((hash ^ (hash >> 16)) % Lanes);
    }
}
