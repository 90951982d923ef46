namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>How a change of a tenant's document ended.</summary>
[GenerateSerializer, Alias("tenant.change-outcome")]
public enum TenantChangeOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>It did not exist and now does.</summary>
    Created = 1,

    /// <summary>It was changed, or already was as asked.</summary>
    Done = 2,

    /// <summary>The tenant does not exist.</summary>
    TenantNotFound = 3,

    /// <summary>The tenant exists, the policy or key does not.</summary>
    NotFound = 4,

    /// <summary>A configuration file declares it; the API never overrides what a file declares.</summary>
    DeclaredInFile = 5,

    /// <summary>The precondition does not hold (412).</summary>
    PreconditionFailed = 6,

    /// <summary>Some fields break a rule; <see cref="TenantChange.Faults"/> names them. Nothing was changed.</summary>
    Invalid = 7,

    /// <summary>The tenant holds as many policies or keys as it may.</summary>
    TooMany = 8,
}

/// <summary>The answer to a change. Unless the outcome is Created or Done, nothing was changed.</summary>
[GenerateSerializer, Immutable, Alias("tenant.change")]
public sealed record TenantChange
{
    /// <summary>How it ended.</summary>
    [Id(0)] public required TenantChangeOutcome Outcome { get; init; }

    /// <summary>The document after the change; null unless it was made.</summary>
    [Id(1)] public TenantSnapshot? Snapshot { get; init; }

    /// <summary>Invalid only: every fault found.</summary>
    [Id(2)] public IReadOnlyList<FieldFault> Faults { get; init; } = [];
}

/// <summary>One broken rule.</summary>
/// <param name="Field">The path of the field, such as <c>coldStart.factor</c> or <c>allow[0]</c>.</param>
/// <param name="Rule">The rule in words, such as <c>must be between 1 and 1000000000</c>.</param>
[GenerateSerializer, Immutable, Alias("field-fault")]
public sealed record FieldFault([property: Id(0)] string Field, [property: Id(1)] string Rule);
