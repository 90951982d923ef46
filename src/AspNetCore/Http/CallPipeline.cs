using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Gatehouse.AspNetCore.Http;

/// <summary>
/// Tries a call as its <see cref="Call"/> says: a bounded number of times in a bounded time. It waits as long as
/// Gatehouse asks for, or gives up at once where there is no time for that.
/// </summary>
internal static class CallPipeline
{
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(200);

    public static void Build(ResiliencePipelineBuilder<HttpResponseMessage> builder, ResilienceHandlerContext context)
    {
        var time = context.ServiceProvider.GetRequiredService<TimeProvider>();
        builder.TimeProvider = time;
        // A line for every attempt of every call, with a stack where one fails; what fails is said by whoever asked.
        builder.ConfigureTelemetry(NullLoggerFactory.Instance);
        builder
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = static args => ValueTask.FromResult(CallOf(args.Context).TotalTimeout),
            })
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = int.MaxValue,
                ShouldHandle = args => ValueTask.FromResult(IsRepeated(args, time)),
                DelayGenerator = static args => ValueTask.FromResult<TimeSpan?>(CallOf(args.Context).Delay),
            })
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = static args => ValueTask.FromResult(CallOf(args.Context).AttemptTimeout),
            });
    }

    /// <summary>Whether an answer says that the service, not the call, is why it was not done.</summary>
    public static bool IsTransient(HttpStatusCode status) => status
        is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    /// <summary>What <c>Retry-After</c> asks for.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static bool IsRepeated(RetryPredicateArguments<HttpResponseMessage> args, TimeProvider time)
    {
        var call = CallOf(args.Context);
        var isTransient = args.Outcome.Exception is HttpRequestException or TimeoutRejectedException
            || (args.Outcome.Result is { } answer && IsTransient(answer.StatusCode));
        if (!isTransient || args.AttemptNumber + 1 >= call.AttemptsMax)
        {
            return false;
        }

        var asked = args.Outcome.Result is { } response ? RetryAfter(response, time) : null;
        // Callers who all wait the same time come back all at once: up to a fifth more, never less than was asked for.
        call.Delay = (asked ?? BackOff * Math.Pow(2, Math.Min(args.AttemptNumber, 10)))
            * (1 + (Random.Shared.NextDouble() / 5));
        return call.Delay < call.Left;
    }

    private static Call CallOf(ResilienceContext context) => Call.Of(context.GetRequestMessage())
        ?? throw new InvalidOperationException("This client is for calls of Gatehouse only.");
}
