using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.ApiHost.Http;

/// <summary>The service, not the caller, is at its limit. Says whether the call may have had its effect.</summary>
internal sealed record OverloadProblem : Problem
{
    private readonly string _reason;
    private readonly Applied _applied;

    [SetsRequiredMembers]
    public OverloadProblem(string reason, Applied applied)
    {
        (_reason, _applied) = (reason, applied);
        Status = StatusCodes.Status429TooManyRequests;
        Code = "service_overloaded";
        Title = "Too Many Requests";
        Type = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
    }

    /// <summary>What it was, for the log.</summary>
    public string? Cause { get; init; }

    protected override void Note(HttpContext httpContext)
    {
        httpContext.RequestServices.GetRequiredService<OverloadLog>().Answered(_reason, Cause);
        if (_applied is not Applied.No)
        {
            httpContext.Features.Get<IIdempotentRequest>()?.HadUnknownEffect();
        }
    }

    protected override void WriteExtensions(Utf8JsonWriter json)
    {
        // Callers who all wait the same time come back all at once: up to a fifth more, never less than the header
        // says.
        var jitter = 1 + (Random.Shared.NextDouble() / 5);
        json.WriteString("error", Code);
        json.WriteString("message", "Service temporarily overloaded, please retry");
        json.WriteString("reason", _reason);
        json.WriteString("applied", _applied is Applied.No ? "no" : "unknown");
        json.WriteNumber("retryAfterMs", (long)(Math.Ceiling(RetryAfter!.Value.TotalSeconds) * 1000 * jitter));
    }
}
