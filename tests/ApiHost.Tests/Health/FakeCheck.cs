using Gatehouse.Silo.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gatehouse.ApiHost.Tests.Health;

/// <summary>A dependency that finds what the test says, and counts who looks.</summary>
internal sealed class FakeCheck(string name) : IDependencyCheck
{
    private int _looks;

    public string Name => name;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(1);

    public HealthStatus FailureStatus { get; init; } = HealthStatus.Unhealthy;

    public int Looks => _looks;

    public Func<Task<CheckResult>> Look { get; set; } = () => Task.FromResult(CheckResult.Good);

    public CheckOutcome Finds
    {
        set => Look = () => Task.FromResult(new CheckResult(value));
    }

    public Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _looks);
        return Look();
    }
}
