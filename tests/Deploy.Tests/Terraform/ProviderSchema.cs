using System.Text.Json;

namespace Gatehouse.Deploy.Tests.Terraform;

/// <summary>Which arguments and blocks there are in a resource of a provider, and which it must have.</summary>
internal sealed record ProviderSchema(string Source, string License, Dictionary<string, SchemaBlock> Resources)
{
    private static readonly string[] MetaArguments = ["count", "depends_on", "for_each", "lifecycle", "provider"];

    public static ProviderSchema Read() => JsonSerializer.Deserialize<ProviderSchema>(
        Repository.Read("tests", "Deploy.Tests", "Checks", "provider-schema.json"), JsonSerializerOptions.Web)!;

    /// <summary>What a provider would object to in the resources of a file.</summary>
    public IEnumerable<string> Faults(JsonElement file)
    {
        foreach (var type in Hcl.Blocks([file], "resource"))
        {
            if (!Resources.TryGetValue(type.Name, out var block))
            {
                yield return $"{type.Name} is not known here: add it to provider-schema.mjs";
                continue;
            }

            foreach (var resource in type.Value.EnumerateObject())
            {
                foreach (var fault in resource.Value.EnumerateArray().SelectMany(body =>
                    Faults($"{type.Name}.{resource.Name}", block, body, isResource: true)))
                {
                    yield return fault;
                }
            }
        }
    }

    private static IEnumerable<string> Faults(string path, SchemaBlock block, JsonElement body, bool isResource)
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in Written(body))
        {
            present.Add(name);
            if (block.Blocks.TryGetValue(name, out var inner))
            {
                if (inner is { IsList: false } && value.GetArrayLength() > 1)
                {
                    yield return $"{path}.{name} is there more than once";
                }

                foreach (var fault in value.EnumerateArray()
                    .SelectMany(part => Faults($"{path}.{name}", inner, part, isResource: false)))
                {
                    yield return fault;
                }
            }
            else if (!block.Arguments.ContainsKey(name) && !(isResource && MetaArguments.Contains(name)))
            {
                yield return $"{path}.{name} does not exist";
            }
        }

        var required = block.Arguments.Where(argument => argument.Value.IsRequired).Select(argument => argument.Key)
            .Concat(block.Blocks.Where(inner => inner.Value.IsRequired).Select(inner => inner.Key));
        foreach (var name in required.Where(name => !present.Contains(name)))
        {
            yield return $"{path}.{name} is missing";
        }
    }

    /// <summary>What stands in a block, with blocks that are made dynamically as if they were written out.</summary>
    private static IEnumerable<(string Name, JsonElement Value)> Written(JsonElement body)
    {
        foreach (var property in body.EnumerateObject())
        {
            if (property.Name != "dynamic")
            {
                yield return (property.Name, property.Value);
                continue;
            }

            foreach (var made in property.Value.EnumerateObject())
            {
                yield return (made.Name, made.Value[0].GetProperty("content"));
            }
        }
    }
}

internal sealed record SchemaArgument(bool IsRequired, bool IsList);

internal sealed record SchemaBlock(
    bool IsRequired, bool IsList, Dictionary<string, SchemaArgument> Arguments, Dictionary<string, SchemaBlock> Blocks);
