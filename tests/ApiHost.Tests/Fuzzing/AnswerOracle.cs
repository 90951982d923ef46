using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>A promise that an answer broke.</summary>
/// <param name="Rule">The promise, in a word: what a smaller request has to break, too.</param>
/// <param name="Detail">How.</param>
internal sealed record Complaint(string Rule, string Detail)
{
    public override string ToString() => $"{Rule}: {Detail}";
}

/// <summary>
/// Judges answers by what the HTTP guide and the OpenAPI document promise of each. It knows nothing of the host's code.
/// </summary>
internal sealed partial class AnswerOracle(IReadOnlyList<ApiOperation> operations, string guide)
{
    /// <summary>A field's name and its rule are told, not what was sent.</summary>
    private const int ProblemSizeMax = 16 * 1024;

    // What Kestrel answers by itself, before anything of ours runs: no body, and the connection ends.
    private static readonly HashSet<int> ServersOwn = [400, 408, 411, 413, 414, 431, 501, 505];

    // Of a path or a method that no operation has.
    private static readonly int[] Elsewhere = [404, 405];

    private readonly HashSet<string> _codes = [.. Word().Matches(guide).Select(match => match.Groups[1].Value)];
    private readonly HashSet<int> _anywhere = [.. operations.SelectMany(one => one.Answers.Keys), .. Elsewhere];

    public Complaint? Judge(RawRequest request, RawAnswer? answer)
    {
        if (answer is null)
        {
            return request.IsOversized ? null : new Complaint("answer", "The connection ended without an answer.");
        }

        if (!answer.Headers.TryGetValue("X-Request-Id", out var id))
        {
            return request.MayBreakHttp && ServersOwn.Contains(answer.Status) && answer.Body.Length == 0
                ? null : new Complaint("request id", $"{answer.Status} without X-Request-Id.");
        }

        return Status(request, answer) ?? (answer.Status < 300 ? Success(request, answer) : Problem(request, answer, id));
    }

    private Complaint? Status(RawRequest request, RawAnswer answer)
    {
        var isDocumented = request.Operation.Answers.ContainsKey(answer.Status)
            || (request.Strays && _anywhere.Contains(answer.Status));
        // 503: the two that the guide has, of a frozen chain and of a process that is not ready.
        return answer.Status >= 500 && !(answer.Status == 503 && isDocumented)
            ? new Complaint("below 500", $"{answer.Status} {answer.Text}")
            : isDocumented ? null
            : new Complaint("documented status", $"{request.Operation.Id} does not document {answer.Status}: {answer.Text}");
    }

    private static Complaint? Success(RawRequest request, RawAnswer answer) =>
        request.Strays || answer.Status == 204 || answer.Body.Length == 0
        || request.Operation.Answers[answer.Status].Contains(answer.MediaType)
            ? null : new Complaint("documented media type", $"{answer.Status} {answer.MediaType}");

    private Complaint? Problem(RawRequest request, RawAnswer answer, string id)
    {
        // 304 and redirects have no problem to tell of.
        if (answer.Status < 400 || request.Method == "HEAD")
        {
            return null;
        }

        if (answer.MediaType != "application/problem+json")
        {
            return new Complaint("problem", $"{answer.Status} is {answer.MediaType ?? "without a body"}: {answer.Text}");
        }

        if (answer.Body.Length > ProblemSizeMax)
        {
            return new Complaint("small problem", $"{answer.Status} has {answer.Body.Length} bytes.");
        }

        try
        {
            using var problem = JsonDocument.Parse(answer.Body);
            return Members(problem.RootElement, request, answer, id) ?? Secret(request, answer);
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new Complaint("problem", $"{broken.Message} {answer.Text}");
        }
    }

    private Complaint? Members(JsonElement problem, RawRequest request, RawAnswer answer, string id)
    {
        var code = problem.GetProperty("code").GetString()!;
        // For nginx a refusal is spelled as a 403, and says so.
        var meant = answer.Headers.TryGetValue("X-RateLimit-Status", out var spelled) ? int.Parse(spelled) : answer.Status;
        var isNever = problem.TryGetProperty("retryAfterMs", out var wait) && wait.ValueKind == JsonValueKind.Null;
        return problem.GetProperty("type").GetString() is not { Length: > 0 } || problem.GetProperty("title").GetString() is not
            { Length: > 0 } ? new Complaint("problem", answer.Text)
            : problem.GetProperty("status").GetInt32() is var status && status != answer.Status && status != meant
                ? new Complaint("status member", $"{answer.Status} says {answer.Text}")
            : !_codes.Contains(code) ? new Complaint("documented code", code)
            : problem.GetProperty("requestId").GetString() != id ? new Complaint("request id", $"{id} says {answer.Text}")
            : meant == 429 && !isNever && !answer.Headers.ContainsKey("Retry-After")
                ? new Complaint("Retry-After", answer.Text)
            : answer.Status == 401 && !answer.Headers.ContainsKey("WWW-Authenticate")
                ? new Complaint("WWW-Authenticate", answer.Text)
            : code == "invalid_request" && !problem.TryGetProperty("errors", out _)
                ? new Complaint("errors", $"{request.What}: {answer.Text}")
            : null;
    }

    /// <summary>No credential comes back, wherever it stood.</summary>
    private static Complaint? Secret(RawRequest request, RawAnswer answer)
    {
        var sent = request.Headers.Where(header => header.Name is "Authorization" or "X-Gatehouse-Key")
            .Select(header => header.Value.Split(' ')[^1])
            .Concat(request.Query.Where(part => part.StartsWith("key=", StringComparison.Ordinal)).Select(part => part[4..]));
        return sent.FirstOrDefault(secret => secret.Length >= 16 && answer.Text.Contains(secret, StringComparison.Ordinal)) is
            { } told ? new Complaint("secret", told) : null;
    }

    [GeneratedRegex("`([a-z]+(?:_[a-z]+)*)`")]
    private static partial Regex Word();
}
