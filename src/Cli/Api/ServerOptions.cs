using System.CommandLine;

namespace Gatehouse.Cli.Api;

/// <summary>Which server, as whom, how patiently. Never a credential itself: <c>ps</c> shows command lines.</summary>
internal sealed class ServerOptions
{
    public const string UrlVariable = "GATEHOUSE_URL";
    public const string KeyVariable = "GATEHOUSE_KEY";
    public const string DefaultUrl = "http://localhost:8080";

    private readonly Option<string> _url = new("--url")
    {
        Description = $"Where Gatehouse answers. Default: {UrlVariable}, else {DefaultUrl}.",
        HelpName = "url",
    };

    private readonly Option<string> _keyFile = new("--key-file")
    {
        Description = $"A file that holds the API key or the admin key, closed to others. Default: {KeyVariable}.",
        HelpName = "file",
    };

    private readonly Option<double> _timeout = new("--timeout")
    {
        Description = "Seconds to wait for an answer.",
        HelpName = "seconds",
        DefaultValueFactory = static _ => 30,
    };

    public ServerOptions() => _timeout.Validators.Add(static result =>
    {
        if (result.Errors.Any() || result.GetValueOrDefault<double>() is not (>= 0.1 and <= 3600))
        {
            result.AddError("--timeout must be between 0.1 and 3600 seconds.");
        }
    });

    /// <summary>One JSON object instead of text.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "JSON instead of text." };

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_keyFile);
        command.Add(_timeout);
    }

    public GatehouseApi Open(ParseResult parsed, Terminal terminal)
    {
        var url = parsed.GetValue(_url) is { } option
            ? ReadUrl("--url", option)
            : ReadUrl(UrlVariable, terminal.Variable(UrlVariable) ?? DefaultUrl);
        var key = parsed.GetValue(_keyFile) is { } file ? ReadKeyFile(file)
            : terminal.Variable(KeyVariable) is { } text ? ReadKey(KeyVariable, text)
            : null;
        return new GatehouseApi(url, key, TimeSpan.FromSeconds(parsed.GetValue(_timeout)));
    }

    private static Uri ReadUrl(string name, string text)
    {
        // The text is not repeated: it may hold what should not be in an address.
        return Uri.TryCreate(text.TrimEnd('/') + '/', UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https" && url is { UserInfo: "", Query: "", Fragment: "" }
                ? url
                : throw CommandFailure.Usage(
                    $"{name} must be the address of a server, such as {DefaultUrl}, without a credential or a query");
    }

    private static string ReadKeyFile(string path)
    {
        const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite;
        try
        {
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0
                ? throw CommandFailure.Usage(
                    $"--key-file {path} must not be readable by others nor writable by its group: chmod 0400")
                : ReadKey($"--key-file {path}", File.ReadAllText(path));
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"--key-file {path} cannot be read: {broken.Message}");
        }
    }

    private static string ReadKey(string name, string text) =>
        text.Trim() is { Length: > 0 and <= 4096 } key && key.All(static character => character is > ' ' and <= '~')
            ? key
            : throw CommandFailure.Usage($"{name} must hold a key: one word of visible ASCII characters");
}
