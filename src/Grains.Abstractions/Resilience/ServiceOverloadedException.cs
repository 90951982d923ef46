namespace Gatehouse.Grains.Abstractions.Resilience;

/// <summary>Whether the refused call may have had its effect.</summary>
[GenerateSerializer, Alias("overload.applied")]
public enum Applied
{
    /// <summary>Certainly not: safe to send again.</summary>
    No = 1,

    /// <summary>It may have been: send again only what is safe to repeat.</summary>
    Unknown = 2,
}

/// <summary>
/// A store, a grain or the cluster cannot take the call now. The API answers 429 <c>service_overloaded</c> with
/// <c>Retry-After</c>.
/// </summary>
[GenerateSerializer, Alias("overload.exception")]
public sealed class ServiceOverloadedException : Exception
{
    /// <summary>Describes one overload.</summary>
    /// <param name="reason">A stable machine-readable reason, such as <c>redis_timeout</c>.</param>
    /// <param name="applied">Whether the call may have had its effect.</param>
    /// <param name="cause">
    /// What it was, for the log. Only the name of its type is kept: exceptions of a store's client cannot be sent to
    /// another process, which would turn this one into an error that nobody foresaw, and their texts name keys.
    /// </param>
    public ServiceOverloadedException(string reason, Applied applied, Exception? cause = null)
        : base($"Service temporarily overloaded: {reason}{(cause is null ? "" : $" ({cause.GetType().Name})")}")
    {
        Reason = reason;
        Applied = applied;
    }

    /// <summary>A stable machine-readable reason.</summary>
    [Id(0)] public string Reason { get; }

    /// <summary>Whether the call may have had its effect.</summary>
    [Id(1)] public Applied Applied { get; }

    /// <summary>When to try again. Default: 5 s.</summary>
    [Id(2)] public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);
}
