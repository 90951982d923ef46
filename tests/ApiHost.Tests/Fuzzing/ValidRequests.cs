using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>Makes requests as the OpenAPI document describes them.</summary>
internal sealed class ValidRequests(JsonElement document, KnownValues known)
{
    private readonly SchemaValues _values = new(document, known);

    public RawRequest Make(Random random, ApiOperation operation) => From(random, operation, Body(random, operation)) with
    {
        What = "valid",
    };

    /// <summary>The body as a tree, for those who change it; null: the operation takes none.</summary>
    public JsonNode? Body(Random random, ApiOperation operation) => operation switch
    {
        { Body: null } => null,
        { Example: { } example } when random.Next(3) == 0 => JsonNode.Parse(example),
        { Body: { } schema } => _values.Value(random, "", schema) ?? new JsonObject(),
    };

    public RawRequest From(Random random, ApiOperation operation, JsonNode? body)
    {
        var (path, query) = (operation.Path, new List<string>());
        List<(string, string)> headers = [Credential(random, operation)];
        foreach (var parameter in operation.Parameters.Where(one => one.IsRequired || random.Next(3) == 0))
        {
            // Without its tenant, nothing else would be asked any more.
            var value = parameter.Name == "tenant" && operation.Id == "DisableTenant" ? known.Spare
                : Uri.EscapeDataString(Text(_values.Value(random, parameter.Name, parameter.Schema)));
            // A tile's index has slashes of its own.
            path = path.Replace($"{{{parameter.Name}}}", parameter.Name == "index"
                ? value.Replace("%2F", "/", StringComparison.Ordinal) : value, StringComparison.Ordinal);
            if (parameter.In == "query")
            {
                query.Add($"{parameter.Name}={value}");
            }
            else if (parameter.In == "header")
            {
                headers.Add((parameter.Name, $"k-{random.Next(1000)}"));
            }
        }

        // A proxy states its client; other routes do not look at it.
        headers.Add(("X-Forwarded-For", $"203.0.113.{random.Next(4)}"));
        if (body is not null)
        {
            headers.Add(("Content-Type", "application/json"));
        }

        return new RawRequest
        {
            Operation = operation,
            Method = operation.Method,
            Path = path,
            Query = query,
            Headers = headers,
            Body = body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString()),
        };
    }

    /// <summary>The admin's key may do everything but be told what only a tenant's key is told.</summary>
    private (string, string) Credential(Random random, ApiOperation operation)
    {
        var key = random.Next(4) == 0 ? known.Key : TestHost.AdminKey;
        return operation.Path.StartsWith("/authz/", StringComparison.Ordinal)
            ? ("X-Gatehouse-Key", key) : ("Authorization", $"Bearer {key}");
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "",
        _ when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => value.ToJsonString(),
    };
}
