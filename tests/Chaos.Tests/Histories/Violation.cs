namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>A promise that a history breaks, and where.</summary>
internal sealed record Violation(string Promise, string Text, TimeSpan From, TimeSpan To);

/// <summary>Looks for broken promises. Knows the promise and the history, nothing of the product's code.</summary>
internal interface IHistoryChecker<TOperation>
    where TOperation : IOperation
{
    IEnumerable<Violation> Check(History<TOperation> history);
}
