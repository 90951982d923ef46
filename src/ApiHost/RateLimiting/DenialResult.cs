using System.Globalization;
using System.Net.Mime;
using Gatehouse.ApiHost.Http;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>
/// The 429 of a remembered refusal: the bytes that <see cref="CheckResult"/> would send, without making them again.
/// </summary>
internal sealed class DenialResult : IResult
{
    private readonly Denial _denial;
    private readonly RefusalTemplate _body;
    private readonly StringValues _policy;
    private volatile Waits? _waits;

    public DenialResult(Denial denial)
    {
        _denial = denial;
        _body = RefusalTemplate.For(denial.Key.Policy, denial.Policy, denial.Decision);
        _policy = RateLimitHeaders.Policy(denial.Key.Policy, denial.Decision);
        Completed = Task.FromResult<IResult>(this);
    }

    /// <summary>The headers that change once a second.</summary>
    private sealed record Waits(long RetrySeconds, long MoreSeconds, StringValues RetryAfter, StringValues RateLimit);

    /// <summary>The same answer, made anew.</summary>
    public CheckResult Decided => new(_denial.Key.Policy, _denial.After(_denial.Age, _denial.Cost));

    /// <summary>This result, as an endpoint answers it.</summary>
    public Task<IResult> Completed { get; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var decision = _denial.After(_denial.Age, _denial.Cost);
        var (resetAfter, retryAfter) = (decision.ResetAfter, decision.RetryAfter.GetValueOrDefault());
        var waits = _waits;
        if (waits is null || waits.RetrySeconds != Problem.Seconds(retryAfter)
            || waits.MoreSeconds != RateLimitHeaders.Seconds(decision.MoreAfter))
        {
            _waits = waits = new Waits(
                Problem.Seconds(retryAfter),
                RateLimitHeaders.Seconds(decision.MoreAfter),
                Problem.Seconds(retryAfter).ToString(CultureInfo.InvariantCulture),
                RateLimitHeaders.Remaining(_denial.Key.Policy, decision));
        }

        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.ContentType = MediaTypeNames.Application.ProblemJson;
        response.Headers.CacheControl = "no-store";
        response.Headers.RetryAfter = waits.RetryAfter;
        response.Headers["RateLimit-Policy"] = _policy;
        response.Headers["RateLimit"] = waits.RateLimit;
        var requestId = httpContext.TraceIdentifier;
        return JsonAnswer.WriteAsync(
            httpContext,
            (Body: _body, resetAfter, retryAfter, requestId),
            _body.LengthMax(requestId),
            static (to, answer) => answer.Body.Write(to, answer.resetAfter, answer.retryAfter, answer.requestId));
    }
}
