using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// One error answer, <c>application/problem+json</c> (RFC 9457), with a stable <c>code</c> to program against.
/// </summary>
internal record Problem : IResult
{
    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Stable and machine-readable.</summary>
    public required string Code { get; init; }

    /// <summary>What the code means.</summary>
    public required string Title { get; init; }

    /// <summary>What is wrong with this request.</summary>
    public string? Detail { get; init; }

    /// <summary>The problem type; default: this product's own for the code.</summary>
    public string? Type { get; init; }

    /// <summary>The fields that break a rule, and the rules.</summary>
    public IReadOnlyList<FieldFault> Faults { get; init; } = [];

    /// <summary>When to try again, rounded up to whole seconds in <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What a 401 asks for (RFC 9110, 11.6.1).</summary>
    public string Challenge { get; init; } = "Bearer realm=\"gatehouse\"";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        Note(httpContext);
        return NginxRoute.Spell(this, httpContext).AnswerAsync(httpContext);
    }

    /// <summary>
    /// RFC 9110, 10.2.3: whole seconds; rounded up, so that a caller who obeys is not early.
    /// </summary>
    public static long Seconds(TimeSpan wait) => Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));

    /// <summary>Writes the body; the id of the request comes last.</summary>
    public void Write(Utf8JsonWriter json, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("type", Type ?? $"urn:gatehouse:problem:{Code}");
        json.WriteString("title", Title);
        json.WriteNumber("status", Status);
        json.WriteString("code", Code);
        if (Detail is not null)
        {
            json.WriteString("detail", Detail);
        }

        if (Faults.Count > 0)
        {
            WriteFaults(json);
        }

        WriteExtensions(json);
        json.WriteString("requestId", requestId);
        json.WriteEndObject();
    }

    /// <summary>Members of this kind of problem only.</summary>
    protected virtual void WriteExtensions(Utf8JsonWriter json)
    {
    }

    /// <summary>Counts the answer, or tells others of it, wherever it comes from.</summary>
    protected virtual void Note(HttpContext httpContext)
    {
    }

    private Task AnswerAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = MediaTypeNames.Application.ProblemJson;
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Seconds(wait).ToString(CultureInfo.InvariantCulture);
        }

        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = Challenge;
        }

        return JsonAnswer.WriteAsync(
            httpContext,
            (Problem: this, Context: httpContext),
            static (json, answer) => answer.Problem.Write(json, answer.Context.TraceIdentifier));
    }

    private void WriteFaults(Utf8JsonWriter json)
    {
        json.WriteStartArray("errors");
        foreach (var fault in Faults)
        {
            json.WriteStartObject();
            json.WriteString("field", fault.Field);
            json.WriteString("rule", fault.Rule);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
