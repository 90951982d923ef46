using Gatehouse.Grains.Abstractions.Changes;

namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>A feed that is as current as the test says; for ever, by default.</summary>
internal sealed class FakeChangeFeed : IChangeFeed
{
    public long CurrentUntil { get; set; } = long.MaxValue;
}
