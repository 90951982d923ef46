using System.Collections;
using System.Globalization;
using System.Text;

namespace Gatehouse.Cli;

/// <summary>What a command sees of the world around it: tests run whole commands in their own process.</summary>
internal sealed record Terminal
{
    public required TextWriter Output { get; init; }

    public required TextWriter Errors { get; init; }

    /// <summary>Where answers to questions come from.</summary>
    public required TextReader Answers { get; init; }

    /// <summary>Standard input as bytes.</summary>
    public required Func<Stream> Input { get; init; }

    /// <summary>Whether somebody is there to be asked.</summary>
    public required bool IsInteractive { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static Terminal OfProcess() => new()
    {
        Output = Console.Out,
        Errors = Console.Error,
        Answers = Console.In,
        Input = Console.OpenStandardInput,
        IsInteractive = !Console.IsInputRedirected,
        Environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value ?? ""),
    };

    /// <summary>A variable; null when it is not set or empty.</summary>
    public string? Variable(string name) => Environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    public void WriteLine(string text) => Output.WriteLine(Printable(text));

    public void WriteError(string text) => Errors.WriteLine(Printable(text));

    /// <summary>
    /// The text without what a terminal obeys rather than shows: names in events and answers are written by others, and
    /// could move the cursor, change colours or turn the direction of a line.
    /// </summary>
    public static string Printable(string text)
    {
        if (!text.Any(IsObeyed))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            _ = IsObeyed(character)
                ? clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
                : clean.Append(character);
        }

        return clean.ToString();
    }

    private static bool IsObeyed(char character) => char.GetUnicodeCategory(character)
        is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
