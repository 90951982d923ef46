using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Grains.Abstractions;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// How the API reads and writes JSON: strictly. A field that is misspelt or given twice is an error, because a policy
/// that silently is not what its author meant limits nobody.
/// </summary>
internal static class ApiJson
{
    public const int DepthMax = 16;

    public static void Configure(JsonSerializerOptions options)
    {
        options.Converters.Insert(0, new UtcMillisecondsConverter());
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = DepthMax;
    }
}

/// <summary>Times are RFC 3339, UTC, with milliseconds.</summary>
internal sealed class UtcMillisecondsConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String && Rfc3339.TryParse(reader.GetString(), out var value)
            ? value
            : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[UtcMilliseconds.Length];
        UtcMilliseconds.Write(value, text);
        writer.WriteStringValue(text);
    }
}

/// <summary>The shape of every error answer, for the OpenAPI document; <see cref="Problem"/> writes it.</summary>
internal record ProblemResponse
{
    /// <summary>Names the kind of problem.</summary>
    public required string Type { get; init; }

    /// <summary>What the kind means.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Stable and machine-readable: the one member to program against.</summary>
    public required string Code { get; init; }

    /// <summary>What is wrong with this request.</summary>
    public string? Detail { get; init; }

    /// <summary>The fields that break a rule.</summary>
    public IReadOnlyList<FieldProblem>? Errors { get; init; }

    /// <summary>The same as the answer's <c>X-Request-Id</c>.</summary>
    public required string RequestId { get; init; }
}

/// <summary>One field that breaks a rule.</summary>
/// <param name="Field">The path of the field.</param>
/// <param name="Rule">The rule in words.</param>
internal sealed record FieldProblem(string Field, string Rule);
