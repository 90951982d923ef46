using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gatehouse.AspNetCore.Http;

/// <summary>What was answered: an answer to act on, or the reason why there is none.</summary>
internal sealed class Reply
{
    private readonly byte[] _body;
    private readonly Call _call;
    private readonly TimeSpan? _retryAfter;

    private Reply(HttpResponseMessage response, byte[] body, Call call, TimeProvider time)
    {
        (_body, _call) = (body, call);
        Status = (int)response.StatusCode;
        Problem = response.IsSuccessStatusCode ? null : ProblemDocument.Read(body);
        _retryAfter = CallPipeline.RetryAfter(response, time);
        RateLimit = Header(response, "RateLimit");
        RateLimitPolicy = Header(response, "RateLimit-Policy");
    }

    public int Status { get; }

    /// <summary>What is wrong; null: nothing, or whoever answered was not a Gatehouse.</summary>
    public ProblemDocument? Problem { get; }

    /// <summary>The problem's code.</summary>
    public string? Code => Problem?.Code;

    /// <summary>The header <c>RateLimit</c>, as it was sent.</summary>
    public string RateLimit { get; }

    /// <summary>The header <c>RateLimit-Policy</c>, as it was sent.</summary>
    public string RateLimitPolicy { get; }

    /// <summary>When to try again.</summary>
    public TimeSpan RetryAfter => Problem?.RetryAfterMs is { } ms and >= 0 and < int.MaxValue
        ? TimeSpan.FromMilliseconds(ms)
        : _retryAfter ?? TimeSpan.FromSeconds(5);

    public static async Task<Reply> ReadAsync(HttpResponseMessage response, Call call, TimeProvider time) =>
        new(response, await response.Content.ReadAsByteArrayAsync(), call, time);

    /// <summary>The answer, where there is one.</summary>
    /// <exception cref="GatehouseUnavailableException">There is none, or none that can be read.</exception>
    /// <exception cref="GatehouseRefusedException">There never will be one.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        if (Status is < 200 or > 299)
        {
            throw Failure();
        }

        return Parse(type);
    }

    /// <summary>The body, whatever the status.</summary>
    /// <exception cref="GatehouseUnavailableException">It is not what was expected.</exception>
    public T Parse<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(_body, type) ?? throw new JsonException();
        }
        catch (JsonException failure)
        {
            throw NotUnderstood(failure);
        }
    }

    /// <summary>An answer of somebody else, such as a proxy.</summary>
    public GatehouseUnavailableException NotUnderstood(Exception? cause = null) =>
        new(Invariant($"The answer, {Status}, is not one of Gatehouse."), cause) { MaybeApplied = true };

    /// <summary>Why there is no answer to act on.</summary>
    public Exception Failure()
    {
        var what = Invariant($"Gatehouse answered {Status} {Code}").TrimEnd();
        return CallPipeline.IsTransient((System.Net.HttpStatusCode)Status)
            ? new GatehouseUnavailableException(Problem?.Reason is { } reason ? $"{what} ({reason})" : what)
            {
                RetryAfter = RetryAfter,
                MaybeApplied = _call.MaybeApplied,
            }
            : new GatehouseRefusedException(Problem?.Detail is { } detail ? $"{what}: {detail}" : what)
            {
                Status = Status,
                Code = Code,
                Detail = Problem?.Detail,
                Field = Problem?.Errors is [{ } first, ..] ? first.Field : null,
            };
    }

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var lines) ? string.Join(", ", lines) : "";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
