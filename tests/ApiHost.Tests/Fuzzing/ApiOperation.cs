using System.Text.Json;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>A place of a request that the OpenAPI document names.</summary>
internal sealed record ApiParameter(string Name, string In, bool IsRequired, JsonElement Schema);

/// <summary>One operation of the OpenAPI document.</summary>
internal sealed record ApiOperation
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch", "head", "options"];

    public required string Id { get; init; }

    public required string Method { get; init; }

    /// <summary>The template, such as <c>/v1/tenants/{tenant}</c>.</summary>
    public required string Path { get; init; }

    public required IReadOnlyList<ApiParameter> Parameters { get; init; }

    /// <summary>The schema of the JSON body; null: there is none.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The document's own example of the body.</summary>
    public string? Example { get; init; }

    /// <summary>The documented statuses, each with its media types.</summary>
    public required IReadOnlyDictionary<int, IReadOnlyList<string>> Answers { get; init; }

    public static IReadOnlyList<ApiOperation> ReadAll(JsonElement document) =>
    [
        .. from path in document.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           where Methods.Contains(operation.Name)
           select Read(path.Name, operation.Name.ToUpperInvariant(), operation.Value),
    ];

    private static ApiOperation Read(string path, string method, JsonElement operation)
    {
        JsonElement? content = operation.TryGetProperty("requestBody", out var body)
            ? body.GetProperty("content").GetProperty("application/json") : null;
        return new ApiOperation
        {
            Id = operation.GetProperty("operationId").GetString()!,
            Method = method,
            Path = path,
            Parameters = operation.TryGetProperty("parameters", out var parameters)
                ? [.. parameters.EnumerateArray().Select(Parameter)] : [],
            Body = content?.GetProperty("schema"),
            Example = content is { } json && json.TryGetProperty("example", out var example) ? example.GetRawText() : null,
            Answers = operation.GetProperty("responses").EnumerateObject()
                .ToDictionary(answer => int.Parse(answer.Name), answer => MediaTypes(answer.Value)),
        };
    }

    private static ApiParameter Parameter(JsonElement parameter) => new(
        parameter.GetProperty("name").GetString()!, parameter.GetProperty("in").GetString()!,
        parameter.TryGetProperty("required", out var required) && required.GetBoolean(), parameter.GetProperty("schema"));

    private static IReadOnlyList<string> MediaTypes(JsonElement answer) =>
        answer.TryGetProperty("content", out var content) ? [.. content.EnumerateObject().Select(type => type.Name)] : [];
}
