namespace Gatehouse.Chaos.Tests.Clusters;

/// <summary>Scenarios run one after the other, and beside no other test: each needs the machine for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ChaosScenarios
{
    public const string Name = "chaos";
}
