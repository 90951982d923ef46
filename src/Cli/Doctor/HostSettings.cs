using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Gatehouse.Cli.Doctor;

/// <summary>
/// The configuration as the host would read it: the files of a folder, the environment over them, the command line over
/// both.
/// </summary>
internal sealed class HostSettings
{
    private static readonly string[] Secrets =
    [
        "Gatehouse:Auth:AdminKey", "Gatehouse:SigningKeys:Kek", "Gatehouse:SigningKeys:PreviousKek",
        "Gatehouse:Redis:ConnectionString", "Gatehouse:Redis:MembershipConnectionString",
        "Gatehouse:Redis:StateConnectionString", "Gatehouse:GlobalRedis:ConnectionString",
        "Gatehouse:Archive:ConnectionString",
    ];

    private HostSettings(string environment, string folder) => (Environment, Folder) = (environment, folder);

    public string Environment { get; }

    public string Folder { get; }

    public IConfigurationRoot Configuration { get; private init; } = null!;

    public IReadOnlyList<UnknownSetting> Unknown { get; private init; } = [];

    public IReadOnlyList<string> OpenFiles { get; private init; } = [];

    /// <summary>What must never be shown, as it was configured.</summary>
    public IEnumerable<string> SecretValues => Secrets.Select(name => Configuration[name]).OfType<string>();

    public static HostSettings Read(
        string folder, string? environment, IReadOnlyList<string> sets, IReadOnlyDictionary<string, string> variables)
    {
        if (!Directory.Exists(folder))
        {
            throw CommandFailure.Usage($"--config {folder} is no folder");
        }

        environment ??= variables.GetValueOrDefault("ASPNETCORE_ENVIRONMENT")
            ?? variables.GetValueOrDefault("DOTNET_ENVIRONMENT") ?? "Production";
        string[] files = [.. new[] { "appsettings.json", $"appsettings.{environment}.json" }
            .Select(name => Path.Combine(folder, name)).Where(File.Exists)];
        var given = sets.Select(Given).ToList();
        var builder = new ConfigurationBuilder();
        foreach (var file in files)
        {
            builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        }

        var configuration = Build(builder
            .AddInMemoryCollection(variables.SelectMany(static variable => Named(variable.Key, variable.Value)))
            .AddInMemoryCollection(given));
        return new HostSettings(environment, folder)
        {
            Configuration = configuration,
            Unknown = [.. UnknownOf(files, variables.Keys, given.Select(static pair => pair.Key))],
            OpenFiles = [.. files.Where(IsOpen).Where(HoldsSecrets)],
        };
    }

    /// <summary>The names that a variable is read under: hosts know some without their prefix, too.</summary>
    private static IEnumerable<KeyValuePair<string, string?>> Named(string variable, string value)
    {
        var name = variable.Replace("__", ":", StringComparison.Ordinal);
        yield return new(name, value);
        foreach (var prefix in new[] { "ASPNETCORE_", "DOTNET_" })
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                yield return new(name[prefix.Length..], value);
            }
        }
    }

    private static KeyValuePair<string, string?> Given(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0
            ? new(text[..at].Replace("__", ":", StringComparison.Ordinal), text[(at + 1)..])
            // The text is not repeated: it may be a value.
            : throw CommandFailure.Usage("--set must be <name>=<value>, such as Gatehouse:Region=eu-west-1");
    }

    private static IConfigurationRoot Build(IConfigurationBuilder builder)
    {
        try
        {
            return builder.Build();
        }
        catch (InvalidDataException broken)
        {
            // Where it is broken, and not what stands there.
            var at = broken.InnerException is FormatException { InnerException: JsonException json }
                ? FormattableString.Invariant($", line {json.LineNumber + 1}") : "";
            throw CommandFailure.Usage($"a file of the configuration is no JSON{at}: {FileOf(broken)}");
        }
    }

    private static string FileOf(InvalidDataException broken) =>
        broken.Message.Split('\'') is [_, var path, ..] ? path : "appsettings.json";

    private static IEnumerable<UnknownSetting> UnknownOf(
        IEnumerable<string> files, IEnumerable<string> variables, IEnumerable<string> given)
    {
        var inFiles = files.SelectMany(static file => new ConfigurationBuilder()
            .AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false).Build()
            .GetSection("Gatehouse").AsEnumerable().Where(static pair => pair.Value is not null)
            .Select(pair => (Shown: $"{pair.Key} in {Path.GetFileName(file)}", Name: pair.Key)));
        var inEnvironment = variables.Where(static name =>
                name.StartsWith("Gatehouse__", StringComparison.OrdinalIgnoreCase)
                // One line short: a name in capitals is somebody else's, such as Kubernetes' GATEHOUSE_SERVICE_HOST.
                || name.StartsWith("Gatehouse_", StringComparison.Ordinal))
            .Select(static name => (Shown: name, Name: name.Replace("__", ":", StringComparison.Ordinal)));
        var onLine = given.Where(static name => name.StartsWith("Gatehouse:", StringComparison.OrdinalIgnoreCase))
            .Select(static name => (Shown: $"--set {name}", Name: name));
        foreach (var (shown, name) in inFiles.Concat(inEnvironment).Concat(onLine).Where(
            static setting => !KnownSettings.IsKnown(setting.Name)))
        {
            var closest = KnownSettings.Closest(name);
            var isVariable = shown.StartsWith("Gatehouse_", StringComparison.OrdinalIgnoreCase);
            yield return new UnknownSetting(
                shown, isVariable ? closest?.Replace(":", "__", StringComparison.Ordinal) : closest);
        }
    }

    private static bool IsOpen(string file) => !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(file) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0;

    private static bool HoldsSecrets(string file)
    {
        var content = new ConfigurationBuilder()
            .AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false).Build();
        return Secrets.Any(name => !string.IsNullOrEmpty(content[name])
            && (!name.EndsWith("ConnectionString", StringComparison.Ordinal)
                || content[name]!.Contains("password", StringComparison.OrdinalIgnoreCase)));
    }
}
