using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gatehouse.Silo.Health;

/// <summary>
/// One look at something that this process needs. It uses the connections that are there, opens none for itself, and
/// says nothing that names a host or a person.
/// </summary>
internal interface IDependencyCheck
{
    /// <summary>One of <see cref="CheckNames"/>.</summary>
    string Name { get; }

    /// <summary>How long a look may take. An answer that comes later counts as none.</summary>
    TimeSpan Deadline { get; }

    /// <summary>What a failure is in an answer of <c>/health/dependencies</c>: Unhealthy, or only Degraded.</summary>
    HealthStatus FailureStatus => HealthStatus.Unhealthy;

    /// <summary>Looks once. May throw: that is a <see cref="CheckOutcome.Bad"/>.</summary>
    Task<CheckResult> LookAsync(CancellationToken cancellationToken);
}

/// <summary>What a look found.</summary>
/// <param name="Outcome">In one word.</param>
/// <param name="Description">In a sentence without anything that differs from process to process.</param>
internal sealed record CheckResult(CheckOutcome Outcome, string? Description = null)
{
    public static CheckResult Good { get; } = new(CheckOutcome.Good);

    /// <summary>Numbers and words for operators.</summary>
    public IReadOnlyDictionary<string, object> Data { get; init; } = new Dictionary<string, object>();

    /// <summary>What was thrown, for the log only.</summary>
    public Exception? Failure { get; init; }
}
