using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Orleans.Storage;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>One reason for each way in which a store can fail, and an honest word on whether a write was done.</summary>
public class StoreFailureTests
{
    public static TheoryData<Exception> Answers =>
    [
        KnownFailures.Said("WRONGTYPE Operation against a key holding the wrong kind of value"),
        KnownFailures.Said("ERR Error running script: attempt to index a nil value"),
        new InconsistentStateException("lost the race"),
        new FormatException("unreadable"),
    ];

    [Theory]
    [MemberData(nameof(KnownFailures.All), MemberType = typeof(KnownFailures))]
    public void Of_AFailureOfTheStore_SaysWhyAndWhetherAWriteWasDone(Exception failure, string reason, Applied applied)
    {
        var result = reason switch
        {
            "redis_out_of_memory" or "redis_read_only" => CallResult.Neutral,
            "state_unreadable" => CallResult.Succeeded,
            _ => CallResult.Failed,
        };

        Assert.Equal(new StoreFailure(reason, applied, result), StoreFailure.Of(failure, CallKind.Write));
        Assert.Equal(new StoreFailure(reason, Applied.No, result), StoreFailure.Of(failure, CallKind.Read));
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Of_AnErrorOfTheCallItself_IsNoFailureOfTheStore(Exception answer)
    {
        Assert.Null(StoreFailure.Of(answer, CallKind.Write));
        Assert.Null(StoreFailure.Of(answer, CallKind.Read));
    }
}
