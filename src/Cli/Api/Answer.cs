using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Api;

/// <summary>What the server answered, read whole.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The body as it came.</param>
/// <param name="RequestId">What the server logged the request as.</param>
internal sealed record Answer(int Status, string Text, string? RequestId)
{
    // Whatever stands between answers, too: of a name that is there twice, nobody knows which one is meant.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The body; null when it is no JSON object.</summary>
    public JsonObject? Json { get; } = Read(Text);

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The stable code of a problem; null when this is none.</summary>
    public string? Code => Json.Text("code");

    public static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var id = response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.FirstOrDefault() : null;
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken), id);
    }

    private static JsonObject? Read(string text)
    {
        try
        {
            var json = JsonNode.Parse(text, documentOptions: Strict) as JsonObject;
            // Half of a surrogate pair is found only when it is written or read.
            json?.ToJsonString();
            return json;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>Reads members that may not be there.</summary>
internal static class JsonMembers
{
    /// <summary>The member as text, whatever its kind; null when it is absent or null.</summary>
    public static string? Text(this JsonNode? node, string name) =>
        node is JsonObject json && json[name] is { } value
            ? value.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString()
            : null;

    /// <summary>The same for a table: a dash when there is nothing.</summary>
    public static string Cell(this JsonNode? node, string name) => node.Text(name) is { Length: > 0 } text ? text : "-";

    public static bool Flag(this JsonNode? node, string name) => node.Text(name) == "true";

    public static IEnumerable<JsonNode?> Items(this JsonNode? node, string name) =>
        node is JsonObject json && json[name] is JsonArray items ? items : [];
}
