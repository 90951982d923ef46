using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Around endpoints that are marked <see cref="IdempotentAttribute"/>: claims the key, runs the endpoint, records its
/// answer, and only then sends it.
/// </summary>
internal sealed partial class IdempotencyMiddleware(
    RequestDelegate next, IIdempotencyClaims claims, IIdempotencyAnswers answers, ClaimRepairs repairs,
    IdempotencyMetrics metrics, IOptions<IdempotencyOptions> options, TimeProvider time,
    ILogger<IdempotencyMiddleware> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint)
        {
            return PassAsync(context);
        }

        var request = context.Request;
        return endpoint.Metadata.GetMetadata<IdempotentAttribute>() is not { } terms
            || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
            || HttpMethods.IsOptions(request.Method)
            // An error page, or this middleware a second time: the request has its claim.
            || context.Features.Get<IIdempotentRequest>() is not null
            ? next(context)
            : IdempotencyKeyHeader.TryRead(request.Headers[IdempotencyKeyHeader.Name], out var key) is { } rule
                ? RefuseAsync(context, new IdempotencyRefusal(RefusalKind.MalformedKey) { Rule = rule })
            : key is not null ? BeginAsync(context, terms, key)
            : terms.IsKeyRequired ? RefuseAsync(context, new IdempotencyRefusal(RefusalKind.MissingKey))
            : next(context);
    }

    /// <summary>An endpoint that is only found behind this middleware has run without it: loudly so.</summary>
    private async Task PassAsync(HttpContext context)
    {
        await next(context);
        if (context.GetEndpoint()?.Metadata.GetMetadata<IdempotentAttribute>() is not null
            && context.Features.Get<IIdempotentRequest>() is null)
        {
            throw new InvalidOperationException(
                $"{context.GetEndpoint()} is marked as idempotent and ran without it: call "
                + "app.UseGatehouseIdempotency() behind app.UseRouting().");
        }
    }

    private async Task BeginAsync(HttpContext context, IdempotentAttribute terms, string key)
    {
        var (request, lease) = (context.Request, TimeSpan.FromSeconds(terms.LeaseSeconds));
        var claim = new ClaimKey(options.Value.Scope(context), Name(context), key);
        var begin = new ClaimRequest
        {
            Path = (request.PathBase + request.Path).Value!,
            Fingerprint = await RequestFingerprint.OfAsync(request, context.RequestAborted),
            Abandoned = terms.Abandoned,
            Lease = lease,
            Wait = PreferHeader.Wait(request.Headers, options.Value.WaitMax),
        };
        ClaimAnswer answer;
        try
        {
            answer = await claims.BeginAsync(claim, begin, context.RequestAborted);
        }
        catch (Exception failure) when (failure is GatehouseUnavailableException or GatehouseRefusedException)
        {
            LogUnavailable(failure);
            var retryAfter = (failure as GatehouseUnavailableException)?.RetryAfter ?? RetryAfter;
            await RefuseAsync(context, new IdempotencyRefusal(RefusalKind.Unavailable) { RetryAfter = retryAfter });
            return;
        }

        await (answer.State switch
        {
            ClaimState.Started => RunAsync(context, terms, new RunningRequest(claim, answer.Epoch), lease),
            ClaimState.Completed => ReplayAsync(context, answer.Response!),
            _ => RefuseAsync(context, Refusal(answer)),
        });
    }

    private async Task RunAsync(HttpContext context, IdempotentAttribute terms, RunningRequest running, TimeSpan lease)
    {
        metrics.Handled("run");
        var inner = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        await using var captured = new CapturedBody(inner, KeptResponse.BodyMax);
        context.Features.Set<IHttpResponseBodyFeature>(captured);
        context.Features.Set<IIdempotentRequest>(running);
        try
        {
            await using (new ClaimKeeper(claims, running, lease, time, logger))
            {
                await next(context);
                await captured.FinishAsync();
            }
        }
        catch (Exception failure)
        {
            await EndAsync(running.Failed(options.Value.HadNoEffect(failure)));
            throw;
        }
        finally
        {
            context.Features.Set(inner);
        }

        var isRecorded = await EndAsync(running.Step(Answer(context, terms, captured), terms.KeepsRefusals));
        if (!isRecorded && !context.Response.HasStarted)
        {
            context.Response.Headers[IdempotencyHeaders.Status] = "unrecorded";
        }

        await captured.SendAsync(context.RequestAborted);
    }

    /// <summary>
    /// Tells how a request ended, whether its caller is still there or not. The answer is given in any case: the effect
    /// is there.
    /// </summary>
    private async Task<bool> EndAsync(ClaimStep step)
    {
        try
        {
            var end = await step.TellAsync(claims, CancellationToken.None);
            if (end is not ClaimEnd.Done)
            {
                metrics.Unrecorded(IdempotencyMetrics.Word(end));
            }

            return end is ClaimEnd.Done;
        }
#pragma warning disable CA1031 // Whatever keeps the claims away: the effect is there, and its record is made up for.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogUnrecorded(failure);
            metrics.Unrecorded("unavailable");
            repairs.Add(step);
            return false;
        }
    }

    private static KeptResponse Answer(HttpContext context, IdempotentAttribute terms, CapturedBody captured)
    {
        var isKept = terms.KeepsBody && !captured.IsPassedOn;
        return new KeptResponse
        {
            Status = context.Response.StatusCode,
            Headers = IdempotencyHeaders.Kept(context.Response.Headers),
            Body = isKept ? captured.Kept : default,
            Tombstone = !isKept,
        };
    }

    private async Task ReplayAsync(HttpContext context, KeptResponse first)
    {
        metrics.Handled("replayed");
        var response = context.Response;
        response.StatusCode = first.Status;
        foreach (var (name, value) in first.Headers)
        {
            response.Headers[name] = value;
        }

        response.Headers[IdempotencyHeaders.Replayed] = "true";
        if (first.Body.Length > 0)
        {
            response.ContentLength = first.Body.Length;
            await response.Body.WriteAsync(first.Body, context.RequestAborted);
        }
    }

    private Task RefuseAsync(HttpContext context, IdempotencyRefusal refusal)
    {
        metrics.Handled(refusal.Code);
        return answers.RefuseAsync(context, refusal);
    }

    private static IdempotencyRefusal Refusal(ClaimAnswer answer) => answer.State switch
    {
        ClaimState.InProgress => new(RefusalKind.InProgress) { RetryAfter = answer.RetryAfter },
        ClaimState.Mismatch => new(RefusalKind.KeyReused),
        ClaimState.Tombstoned => new(RefusalKind.AnswerNotKept) { First = answer.Response },
        _ => new(RefusalKind.OutcomeUnknown),
    };

    private static string Name(HttpContext context) =>
        (context.GetEndpoint() as RouteEndpoint)?.RoutePattern is { } pattern
            ? EndpointName.Of(context.Request.Method, pattern)
            : EndpointName.OfPath(context.Request.Method, context.Request.Path.Value ?? "/");

    [LoggerMessage(6104, LogLevel.Warning,
        "A request with an idempotency key was not begun: Gatehouse could not be asked")]
    private partial void LogUnavailable(Exception failure);

    [LoggerMessage(6105, LogLevel.Warning, "An answer could not be recorded; it is given all the same")]
    private partial void LogUnrecorded(Exception failure);
}
