using System.Reflection;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Cluster.Tests.Runtime;

/// <summary>A call whose silo has died ends with its own time-out: no longer than an answer is promised for.</summary>
public class ResponseTimeoutTests
{
    [Fact]
    public void IdempotencyKeys_AreAnsweredWithinThreeSeconds_UnlessTheyWait()
    {
        var methods = typeof(IIdempotencyGrain).GetMethods();

        Assert.All(
            methods.Where(method => method.Name != nameof(IIdempotencyGrain.BeginWaitingAsync)),
            method => Assert.True(TimeoutOf(method) <= TimeSpan.FromSeconds(3), method.Name));
        Assert.InRange(
            TimeoutOf(methods.Single(method => method.Name == nameof(IIdempotencyGrain.BeginWaitingAsync))),
            TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public void Append_IsAnsweredWithinFiveSeconds() => Assert.True(
        TimeoutOf(typeof(IAuditChainGrain).GetMethod(nameof(IAuditChainGrain.AppendAsync))!) <= TimeSpan.FromSeconds(5));

    private static TimeSpan TimeoutOf(MethodInfo method) => method.GetCustomAttribute<ResponseTimeoutAttribute>()!.Timeout!.Value;
}
