using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Gatehouse.Deploy.Tests;

/// <summary>A YAML document without a type of its own, with paths into it.</summary>
internal sealed record Yaml(object? Value)
{
    public string Text => Value as string ?? throw new InvalidDataException($"No text: {Value}");

    public bool Exists => Value is not null;

    public IEnumerable<Yaml> Items => ((IEnumerable<object?>?)Value ?? []).Select(item => new Yaml(item));

    public IEnumerable<(string Name, Yaml Value)> Entries =>
        ((IDictionary<object, object?>?)Value ?? new Dictionary<object, object?>())
            .Select(entry => ((string)entry.Key, new Yaml(entry.Value)));

    public Yaml this[string path] => path.Split('/').Aggregate(this, (at, name) =>
        new Yaml(at.Value is IDictionary<object, object?> map && map.TryGetValue(name, out var value) ? value : null));

    /// <summary>Reads one document; aliases and merges are resolved, a key that comes twice is refused.</summary>
    public static Yaml Parse(string text) => new(new DeserializerBuilder().WithDuplicateKeyChecking().Build()
        .Deserialize<object>(new MergingParser(new Parser(new StringReader(text)))));
}
