using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Turns the serializer's exception into the field and the rule it broke. The serializer's own words name types of this
/// program and say nothing to a caller.
/// </summary>
internal static partial class JsonFaults
{
    public static FieldFault From(JsonException broken)
    {
        var field = Field(broken.Path);
        var message = broken.Message;
        if (Unknown().Match(message) is { Success: true } unknown)
        {
            return new FieldFault(Below(field, unknown.Groups[1].Value), "is not a known field");
        }

        if (Duplicate().Match(message) is { Success: true } duplicate)
        {
            return new FieldFault(Below(field, duplicate.Groups[1].Value), "must be given once");
        }

        if (Missing().Match(message) is { Success: true } missing)
        {
            return new FieldFault(missing.Groups[1].Value, "is required");
        }

        if (NotNull().IsMatch(message))
        {
            return new FieldFault(field, "must not be null");
        }

        return Converted().Match(message) is { Success: true } converted
            ? new FieldFault(field, IsBrokenText(broken)
                ? "must not hold a lone surrogate"
                : Rule(converted.Groups[1].Value))
            : new FieldFault("body", message.Contains("maximum configured depth", StringComparison.Ordinal)
                ? $"must not be nested deeper than {ApiJson.DepthMax} levels"
                : "must be well-formed JSON");
    }

    private static bool IsBrokenText(JsonException broken) =>
        broken.InnerException?.Message.Contains("surrogate", StringComparison.Ordinal) is true;

    private static string Field(string? path) => path is null or "$" ? "body"
        : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;

    /// <summary>The serializer's path may or may not already end with the property it speaks of.</summary>
    private static string Below(string field, string property) =>
        field == "body" ? property
        : field == property || field.EndsWith($".{property}", StringComparison.Ordinal) ? field
        : $"{field}.{property}";

    private static string Rule(string type) => type switch
    {
        _ when type.Contains("Int64", StringComparison.Ordinal) || type.Contains("Int32", StringComparison.Ordinal) =>
            "must be an integer",
        _ when type.Contains("Decimal", StringComparison.Ordinal) => "must be a number",
        _ when type.Contains("TimeSpan", StringComparison.Ordinal) => "must be a duration such as 00:01:00",
        _ when type.Contains("DateTimeOffset", StringComparison.Ordinal) =>
            Rfc3339.Rule,
        _ when type.EndsWith("RateLimitAlgorithm", StringComparison.Ordinal) =>
            "must be sliding-window, token-bucket or fixed-window",
        _ when type.EndsWith("StoreFailureMode", StringComparison.Ordinal) => "must be reduced, deny or allow",
        _ when type.EndsWith("EnforcementMode", StringComparison.Ordinal) => "must be enforce or shadow",
        _ when type.EndsWith("GlobalMode", StringComparison.Ordinal) => "must be off or eventual",
        _ when type.Contains("Boolean", StringComparison.Ordinal) => "must be true or false",
        _ when type.Contains("Byte[]", StringComparison.Ordinal) => "must be base64 (RFC 4648, section 4)",
        _ when type.Contains("List", StringComparison.Ordinal) => "must be a list",
        "System.String" => "must be a string",
        _ => "must be an object",
    };

    [GeneratedRegex("The JSON property '(.+)' could not be mapped")]
    private static partial Regex Unknown();

    [GeneratedRegex("Duplicate property '(.+)' encountered")]
    private static partial Regex Duplicate();

    [GeneratedRegex("missing required properties including: '([^']+)'")]
    private static partial Regex Missing();

    [GeneratedRegex("doesn't allow (getting|setting) null values")]
    private static partial Regex NotNull();

    [GeneratedRegex(@"could not be converted to (.+?)\. Path")]
    private static partial Regex Converted();
}
