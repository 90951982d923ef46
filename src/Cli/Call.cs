using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;

namespace Gatehouse.Cli;

/// <summary>One run of a command: what was asked for, and where the answer goes.</summary>
internal sealed class Call(ParseResult parsed, Terminal terminal, ServerOptions options)
{
    public Terminal Terminal => terminal;

    public bool IsJson => parsed.GetValue(options.Json);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The server that the options and the environment name.</summary>
    public GatehouseApi OpenApi() => options.Open(parsed, terminal);

    /// <summary>Writes the answer as the server gave it, or as text.</summary>
    public void Write(JsonNode json, Action text)
    {
        if (IsJson)
        {
            terminal.Output.WriteLine(json.ToJsonString());
        }
        else
        {
            text();
        }
    }

    /// <summary>Goes on only where somebody, or <c>--yes</c>, says so.</summary>
    public void Confirm(bool isConfirmed, string question)
    {
        if (isConfirmed)
        {
            return;
        }

        if (!terminal.IsInteractive)
        {
            throw CommandFailure.Usage("--yes is required where nobody can be asked");
        }

        terminal.Errors.Write($"{Terminal.Printable(question)} [y/N] ");
        if (terminal.Answers.ReadLine()?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
        {
            throw new CommandFailure(ExitCodes.Refused, "not_confirmed", "not confirmed; nothing was done");
        }
    }
}
