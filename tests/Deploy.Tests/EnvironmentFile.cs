namespace Gatehouse.Deploy.Tests;

/// <summary>Files of <c>NAME=value</c>, as Kustomize, Compose and systemd read them.</summary>
internal static class EnvironmentFile
{
    public static IEnumerable<KeyValuePair<string, string>> Read(string text) =>
        from line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        where line[0] != '#'
        let name = line.Split('=', 2)
        select KeyValuePair.Create(name[0], name.Length == 2 ? name[1] : throw new FormatException($"No value: {line}"));
}
