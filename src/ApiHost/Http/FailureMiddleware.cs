using System.Text.Json;
using Gatehouse.Grains.Abstractions.Resilience;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Storage;

namespace Gatehouse.ApiHost.Http;

/// <summary>The one place where an exception, or a bare status, becomes an answer.</summary>
internal sealed partial class FailureMiddleware(
    RequestDelegate next, HttpMetrics metrics, ILogger<FailureMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await (OfStatus(context.Response.StatusCode, context)?.ExecuteAsync(context) ?? Task.CompletedTask);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left; there is nobody to answer.
        }
#pragma warning disable CA1031 // Every failure has to become an answer; the unforeseen ones are logged and counted.
        catch (Exception failure) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            var problem = Translate(failure, context);
            context.Response.Clear();
            RequestId.Set(context);
            await problem.ExecuteAsync(context);
        }
    }

    /// <summary>Whether a request that ended with this changed nothing.</summary>
    public static bool HadNoEffect(Exception failure) =>
        failure is BadHttpRequestException || Overload(failure) is { Applied: Applied.No };

    /// <summary>
    /// Statuses that the framework sets by itself, without a body: for a request that broke off or is too large.
    /// </summary>
    private static Problem? OfStatus(int status, HttpContext context) => status switch
    {
        StatusCodes.Status400BadRequest => Problems.Invalid("body", "could not be read"),
        StatusCodes.Status404NotFound => Problems.RouteNotFound(),
        StatusCodes.Status405MethodNotAllowed => Problems.MethodNotAllowed(),
        StatusCodes.Status413PayloadTooLarge => Problems.BodyTooLarge(BodyLimit.Of(context)),
        StatusCodes.Status415UnsupportedMediaType => Problems.UnsupportedMediaType(),
        _ => null,
    };

    private Problem Translate(Exception failure, HttpContext context)
    {
        if (failure is BadHttpRequestException bad)
        {
            return Malformed(bad, context);
        }

        if (Overload(failure) is var (reason, applied, retryAfter))
        {
            return Problems.Overloaded(reason, applied, retryAfter, failure.GetType().Name);
        }

        metrics.Failed();
        LogFailed(failure);
        return Problems.Unexpected();
    }

    private static Problem Malformed(BadHttpRequestException bad, HttpContext context) => bad.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => Problems.BodyTooLarge(BodyLimit.Of(context)),
        StatusCodes.Status415UnsupportedMediaType => Problems.UnsupportedMediaType(),
        _ => bad.InnerException is JsonException json
            ? Problems.Invalid([JsonFaults.From(json)])
            : Problems.Invalid(Parameter(bad.Message) ?? "body", "is missing or has the wrong form"),
    };

    /// <summary>The framework names a bad parameter in its message only, as this program spells it.</summary>
    private static string? Parameter(string message)
    {
        var end = message.IndexOf("\" from \"", StringComparison.Ordinal);
        var start = end < 0 ? -1 : message.LastIndexOf(' ', end);
        return start < 0 ? null : JsonNamingPolicy.CamelCase.ConvertName(message[(start + 1)..end]);
    }

    private static (string Reason, Applied Applied, TimeSpan RetryAfter)? Overload(Exception failure)
    {
        var retryAfter = TimeSpan.FromSeconds(5);
        return failure switch
        {
            ServiceOverloadedException known => (known.Reason, known.Applied, known.RetryAfter),
            LimitExceededException => ("grain_queue_full", Applied.No, retryAfter),
            GatewayTooBusyException => ("gateway_too_busy", Applied.No, retryAfter),
            // The silo was lost while it had the call; other rejections are of calls that never reached a grain.
            SiloUnavailableException => ("silo_unavailable", Applied.Unknown, retryAfter),
            OrleansMessageRejectionException => ("silo_unavailable", Applied.No, retryAfter),
            ConnectionFailedException or ClientNotAvailableException =>
                ("silo_unavailable", Applied.Unknown, retryAfter),
            // Orleans cancels calls whose time is up before they found a silo; those of callers who left were caught.
            TimeoutException or OperationCanceledException => ("timeout", Applied.Unknown, retryAfter),
            InconsistentStateException => ("write_conflict", Applied.No, retryAfter),
            OrleansException { InnerException: { } inner } =>
                Overload(inner) ?? ("cluster_error", Applied.Unknown, retryAfter),
            OrleansException => ("cluster_error", Applied.Unknown, retryAfter),
            // What it says otherwise, such as of an answer that could not be read, derives from nothing of its own.
            _ when failure.GetType().Namespace?.StartsWith(nameof(Orleans), StringComparison.Ordinal) is true =>
                ("cluster_error", Applied.Unknown, retryAfter),
            _ => null,
        };
    }

    [LoggerMessage(5002, LogLevel.Error, "Answered 500")]
    private partial void LogFailed(Exception failure);
}
