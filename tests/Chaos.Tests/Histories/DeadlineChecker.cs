namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>Nobody waits longer than promised, whatever happens: neither for an answer nor for a refusal.</summary>
internal sealed class DeadlineChecker<TOperation>(TimeSpan deadline) : IHistoryChecker<TOperation>
    where TOperation : IOperation
{
    public IEnumerable<Violation> Check(History<TOperation> history) =>
        from operation in history.Operations
        let took = operation.End - operation.Start
        where took > deadline
        select new Violation("deadline", $"took {took.TotalSeconds:0.000} s of at most {deadline.TotalSeconds} s: " +
            $"{operation}", operation.Start, operation.End);
}
