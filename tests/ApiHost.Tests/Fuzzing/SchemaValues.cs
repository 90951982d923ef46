using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>Makes values that a schema of the OpenAPI document allows.</summary>
internal sealed class SchemaValues(JsonElement document, KnownValues known)
{
    private const int DepthMax = 6;

    // Of these the guide takes one only, which the document has no words for.
    private static readonly (string One, string Other)[] Alternatives =
    [
        ("ip", "subject"), ("cidr", "subject"), ("data", "items"), ("signature", "items"), ("epoch", "owner"),
        ("events", "action"), ("events", "actor"), ("body", "tombstone"),
    ];

    public JsonNode? Value(Random random, string name, JsonElement schema, int depth = 0)
    {
        var plain = Resolve(random, schema);
        if (known.Member(random, name) is { } value && Allows(plain, value))
        {
            return value;
        }

        if (plain.TryGetProperty("enum", out var words))
        {
            return JsonNode.Parse(words[random.Next(words.GetArrayLength())].GetRawText());
        }

        return Type(random, plain) switch
        {
            "object" => Object(random, plain, depth),
            "array" => new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
                Value(random, name, plain.TryGetProperty("items", out var items) ? items : default, depth + 1))]),
            "integer" => random.Next(4) == 0 ? random.Next() : random.Next(1, 100),
            "number" => random.Next(1, 10) / 10m,
            "boolean" => random.Next(2) == 0,
            "null" => null,
            _ => Text(random),
        };
    }

    private JsonObject Object(Random random, JsonElement schema, int depth)
    {
        var made = new JsonObject();
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        if (depth < DepthMax && schema.TryGetProperty("properties", out var properties))
        {
            foreach (var property in properties.EnumerateObject())
            {
                // What is known is mostly what a request is about.
                if (required.Contains(property.Name) || random.Next(4) < (known.Member(random, property.Name) is null ? 1 : 3))
                {
                    made[property.Name] = Value(random, property.Name, property.Value, depth + 1);
                }
            }
        }

        foreach (var (one, other) in Alternatives.Where(pair => made.ContainsKey(pair.One) && made.ContainsKey(pair.Other)))
        {
            made.Remove(random.Next(2) == 0 ? one : other);
        }

        if (schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind == JsonValueKind.Object)
        {
            made["Location"] = Value(random, "", more, depth + 1);
        }

        return made;
    }

    private JsonElement Resolve(Random random, JsonElement schema)
    {
        while (schema.ValueKind == JsonValueKind.Object)
        {
            if (schema.TryGetProperty("$ref", out var reference))
            {
                schema = document;
                foreach (var part in reference.GetString()!.Split('/').Skip(1))
                {
                    schema = schema.GetProperty(part);
                }
            }
            else if (schema.TryGetProperty("oneOf", out var choices) || schema.TryGetProperty("anyOf", out choices))
            {
                schema = choices[random.Next(choices.GetArrayLength())];
            }
            else
            {
                break;
            }
        }

        return schema;
    }

    private static string? Type(Random random, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out var type))
        {
            return schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out _) ? "object" : null;
        }

        return type.ValueKind == JsonValueKind.Array
            ? type[random.Next(type.GetArrayLength())].GetString() : type.GetString();
    }

    private static bool Allows(JsonElement schema, JsonNode value)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out var type))
        {
            return true;
        }

        var kinds = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(kind => kind.GetString()).ToList() : [type.GetString()];
        return value.GetValueKind() switch
        {
            JsonValueKind.String => kinds.Contains("string"),
            JsonValueKind.Number => kinds.Contains("integer") || kinds.Contains("number"),
            JsonValueKind.Array => kinds.Contains("array"),
            JsonValueKind.Object => kinds.Contains("object"),
            _ => kinds.Contains("boolean"),
        };
    }

    private static string Text(Random random) =>
        new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => (char)random.Next('a', 'z' + 1))]);
}
