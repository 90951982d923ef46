using System.Data.Common;
using StackExchange.Redis;

namespace Gatehouse.Cli.Doctor;

/// <summary>
/// What must not be shown. Nothing here prints a secret on purpose; this catches what a message of somebody else's
/// might repeat.
/// </summary>
internal sealed class Secrets
{
    private const int LengthMin = 4;
    private static readonly string[] PasswordNames = ["password", "pwd", "psw", "passfile"];

    private readonly List<string> _values;

    public Secrets(IEnumerable<string> settings) => _values =
    [
        .. settings.SelectMany(static setting => PasswordsOf(setting).Prepend(setting))
            .Where(static value => value.Length >= LengthMin)
            // The longest first: one may hold another.
            .Distinct().OrderByDescending(static value => value.Length),
    ];

    public string Hide(string text) =>
        _values.Aggregate(text, static (rest, secret) => rest.Replace(secret, "***", StringComparison.Ordinal));

    public Finding Hide(Finding finding) => finding with
    {
        Says = Hide(finding.Says),
        Advice = finding.Advice is null ? null : Hide(finding.Advice),
    };

    private static IEnumerable<string> PasswordsOf(string text)
    {
        string?[] found;
        try
        {
            found = text.Contains(';', StringComparison.Ordinal) ? OfDatabase(text)
                : text.Contains('=', StringComparison.Ordinal) ? [ConfigurationOptions.Parse(text, true).Password]
                : [];
        }
        catch (ArgumentException)
        {
            // It is no connection string that anybody reads; the whole of it is hidden.
            return [];
        }

        return found.OfType<string>();
    }

    private static string?[] OfDatabase(string text)
    {
        var settings = new DbConnectionStringBuilder { ConnectionString = text };
        return [.. PasswordNames.Where(settings.ContainsKey)
            .Select(name => $"{settings[name]}")];
    }
}
