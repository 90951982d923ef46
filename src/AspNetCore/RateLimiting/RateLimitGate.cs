using Gatehouse.AspNetCore.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.RateLimiting;

/// <summary>Asks Gatehouse before a request goes on.</summary>
internal sealed partial class RateLimitGate(
    GatehouseClient client, RateLimitingMetrics metrics, TimeProvider time, ILogger<RateLimitGate> logger)
{
    private readonly LogBudget _unavailable = new(time);
    private readonly LogBudget _refused = new(time);

    public async Task InvokeAsync(HttpContext context, RateLimit limit, RequestDelegate next)
    {
        if (await PassesAsync(context, limit))
        {
            await next(context);
        }
    }

    /// <summary>Whether it goes on; if not, it is answered.</summary>
    private async Task<bool> PassesAsync(HttpContext context, RateLimit limit)
    {
        RateLimitAnswer answer;
        try
        {
            var cost = limit.Options.Cost?.Invoke(context) ?? 1;
            answer = await (limit.Subject(context) is { } subject
                ? client.CheckAsync(limit.Policy, subject, cost, context.RequestAborted)
                : client.CheckAsync(
                    limit.Policy, context.Connection.RemoteIpAddress!, cost, context.RequestAborted));
        }
        catch (GatehouseUnavailableException failure)
        {
            return await UndecidedAsync(context, limit, failure, failure.RetryAfter);
        }
        catch (GatehouseRefusedException failure)
        {
            // A fault of the set-up, and the same for its callers: there is no decision.
            return await UndecidedAsync(context, limit, failure, TimeSpan.FromSeconds(5));
        }

        context.Response.Headers.Append("RateLimit", answer.RateLimitHeader);
        context.Response.Headers.Append("RateLimit-Policy", answer.RateLimitPolicyHeader);
        if (!answer.Allowed)
        {
            await RefusalBody.WriteAsync(context.Response, answer);
        }

        return answer.Allowed;
    }

    private async Task<bool> UndecidedAsync(
        HttpContext context, RateLimit limit, Exception failure, TimeSpan retryAfter)
    {
        var (rule, isRefused) = (limit.Options.OnUnavailable, failure is GatehouseRefusedException);
        metrics.Undecided(rule, isRefused);
        if (isRefused)
        {
            if (_refused.TryTake(out var skipped))
            {
                LogRefused(logger, limit.Policy, rule, skipped, failure.Message);
            }
        }
        else if (_unavailable.TryTake(out var skipped))
        {
            LogUnavailable(logger, limit.Policy, rule, skipped, failure.Message);
        }

        if (rule is UnavailableRule.Allow)
        {
            return true;
        }

        await OverloadAnswer.WriteAsync(context, "no_decision", retryAfter);
        return false;
    }

    [LoggerMessage(6020, LogLevel.Warning,
        "No decision about a request under the policy {Policy} (rule: {Rule}); {Skipped} more since the last such "
        + "line. {Reason}")]
    private static partial void LogUnavailable(
        ILogger logger, string policy, UnavailableRule rule, long skipped, string reason);

    [LoggerMessage(6021, LogLevel.Error,
        "Gatehouse refuses to decide about requests under the policy {Policy} (rule: {Rule}); {Skipped} more since the "
        + "last such line. {Reason}")]
    private static partial void LogRefused(
        ILogger logger, string policy, UnavailableRule rule, long skipped, string reason);
}
