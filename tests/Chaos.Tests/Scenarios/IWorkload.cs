using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>Clients of one area of the API; it has begun when it is made.</summary>
internal interface IWorkload
{
    string Name { get; }

    /// <summary>Lets every client have its last answer.</summary>
    Task StopAsync();

    /// <summary>Reads what there is when all is well again, and holds it and what clients saw against the promises.</summary>
    Task<Judgement> JudgeAsync(IReadOnlyList<Fault> faults);
}

/// <summary>What became of the promises of one workload.</summary>
internal sealed record Judgement(string Workload, IReadOnlyList<Violation> Violations)
{
    /// <summary>One line, or a few, for every run.</summary>
    public required string Summary { get; init; }

    /// <summary>All of them, for the report of a run that failed.</summary>
    public required IReadOnlyList<IOperation> Operations { get; init; }

    /// <summary>What should have happened and did not: a history in which little happened proves little.</summary>
    public IReadOnlyList<string> Lacking { get; init; } = [];

    /// <summary>The operations that explain a violation best.</summary>
    public Func<Violation, IEnumerable<IOperation>>? Around { get; init; }
}
