using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Silo.Health;

/// <summary>One look at one dependency, with its deadline kept whatever the look does.</summary>
internal sealed record CheckRun(IDependencyCheck Check, CheckResult Result, TimeSpan Duration)
{
    public static async Task<CheckRun> RunAsync(IDependencyCheck check, TimeProvider time)
    {
        var began = time.GetTimestamp();
        var result = await LookAsync(check, time);
        return new CheckRun(check, result, time.GetElapsedTime(began));
    }

    public static async Task<IReadOnlyList<CheckRun>> RunAllAsync(
        IEnumerable<IDependencyCheck> checks, TimeProvider time) =>
        await Task.WhenAll(checks.Select(check => RunAsync(check, time)));

    private static async Task<CheckResult> LookAsync(IDependencyCheck check, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(check.Deadline, time);
        Task<CheckResult>? looking = null;
        try
        {
            looking = check.LookAsync(deadline.Token);
            // Not every client library looks at the token.
            return await looking.WaitAsync(check.Deadline, time);
        }
#pragma warning disable CA1031 // Whatever it was: it did not answer well.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _ = looking?.ContinueWith(
                static late => late.Exception, CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            return Failed(failure);
        }
    }

    private static CheckResult Failed(Exception failure) => failure switch
    {
        TimeoutException or OperationCanceledException =>
            new CheckResult(CheckOutcome.Bad, "It did not answer in time.") { Failure = failure },
        ServiceOverloadedException known => new CheckResult(CheckOutcome.Bad, "It did not answer.")
        {
            Data = new Dictionary<string, object> { ["reason"] = known.Reason },
            Failure = failure,
        },
        _ => new CheckResult(CheckOutcome.Bad, "It did not answer.") { Failure = failure },
    };
}
