using System.Text.Json;

namespace Gatehouse.Cli.Tests.Fixtures;

/// <summary>What one run of the command line ended with and said.</summary>
internal sealed record CommandRun(int Code, string Output, string Errors)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public string All => Output + Errors;

    /// <summary>Runs a whole command in this process, with an environment of its own.</summary>
    public static async Task<CommandRun> OfAsync(
        IReadOnlyList<string> args, Dictionary<string, string>? environment = null, string? answers = null,
        CancellationToken cancellation = default)
    {
        var terminal = Terminal(environment, answers, out var output, out var errors);
        var code = await GatehouseCommand.RunAsync(args, terminal, cancellation);
        return new CommandRun(code, output.ToString()!, errors.ToString()!);
    }

    public static Terminal Terminal(
        Dictionary<string, string>? environment, string? answers, out TextWriter output, out TextWriter errors)
    {
        (output, errors) = (new SaidText(), new SaidText());
        return new Terminal
        {
            Output = output,
            Errors = errors,
            Answers = new StringReader(answers ?? ""),
            Input = static () => Stream.Null,
            IsInteractive = answers is not null,
            Environment = environment ?? [],
        };
    }
}

/// <summary>What was said so far, while more is being said.</summary>
internal sealed class SaidText : StringWriter
{
    private readonly Lock _lock = new();

    public SaidText() => NewLine = "\n";

    public override void Write(char value)
    {
        lock (_lock)
        {
            base.Write(value);
        }
    }

    public override void Write(string? value)
    {
        lock (_lock)
        {
            base.Write(value);
        }
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (_lock)
        {
            base.Write(buffer, index, count);
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            return base.ToString();
        }
    }
}
