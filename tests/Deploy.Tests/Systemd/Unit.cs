namespace Gatehouse.Deploy.Tests.Systemd;

/// <summary>A unit file: keys of a section, each with all its values.</summary>
internal sealed record Unit(ILookup<string, string> Values)
{
    /// <summary>Reads it; a key is named by its section, such as <c>Service.ExecStart</c>.</summary>
    public static Unit Parse(string text)
    {
        var (section, values) = ("", new List<(string Key, string Value)>());
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] == '[')
            {
                section = line.Trim('[', ']');
            }
            else if (line[0] != '#')
            {
                var parts = line.Split('=', 2);
                values.Add(($"{section}.{parts[0]}", parts[1]));
            }
        }

        return new Unit(values.ToLookup(one => one.Key, one => one.Value));
    }

    public string this[string key] => Values[key].LastOrDefault() ?? "";

    /// <summary>What it sets by itself.</summary>
    public Dictionary<string, string> Environment => Values["Service.Environment"].Select(one => one.Split('=', 2))
        .ToDictionary(one => one[0], one => one[1]);
}
