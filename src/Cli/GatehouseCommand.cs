using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using Gatehouse.Cli.Api;
using Gatehouse.Cli.Auditing;
using Gatehouse.Cli.Doctor;
using Gatehouse.Cli.Health;
using Gatehouse.Cli.RateLimiting;
using Gatehouse.Cli.SigningKeys;
using Gatehouse.Cli.Tenants;

namespace Gatehouse.Cli;

/// <summary>The command line <c>gatehouse</c>.</summary>
internal static partial class GatehouseCommand
{
    /// <summary>How long a command may take to end after Ctrl-C before the process ends without it.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    public static Command Build(Terminal terminal)
    {
        // Not a RootCommand: that one has the name of the file, which is another.
        var root = new ExampleCommand("gatehouse", "Looks after a Gatehouse deployment, and asks its HTTP API.",
            "gatehouse doctor --config /etc/gatehouse", "gatehouse limit explain acme login 203.0.113.7")
        {
            new HelpOption(), new VersionOption(),
        };
        var commands = new CommandFactory(terminal, new ServerOptions());
        root.Add(DoctorCommand.Create(commands));
        root.Add(HealthCommand.Create(commands));
        root.Add(LimitCommands.Create(commands));
        root.Add(KeysCommands.Create(commands));
        root.Add(TenantCommands.Create(commands));
        root.Add(AuditCommands.Create(commands));
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }

    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        var parsed = Build(terminal).Parse(args);
        if (VerifyCommand.IsAskedFor(parsed))
        {
            return VerifyCommand.Run(args, terminal);
        }

        if (parsed.Action is ParseErrorAction)
        {
            return Refuse(parsed, terminal, isJson: args.Contains("--json"));
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Errors,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = Farewell,
            },
            cancellationToken);
    }

    private static int Refuse(ParseResult parsed, Terminal terminal, bool isJson)
    {
        // A key does not belong on the command line; where one was put there, it is at least not repeated.
        var said = Secret().Replace(string.Join(" ", parsed.Errors.Select(static error => error.Message)), "gh_***");
        var path = string.Join(' ', Path(parsed.CommandResult.Command));
        var failure = CommandFailure.Usage($"{said} See: {path} --help");
        terminal.WriteError(failure.Message);
        if (isJson)
        {
            terminal.Output.WriteLine(failure.ToJson().ToJsonString());
        }

        return failure.ExitCode;
    }

    private static IEnumerable<string> Path(Command command) =>
        command.Parents.OfType<Command>().SelectMany(Path).Append(command.Name);

    [GeneratedRegex("gh_[^\\s']+")]
    private static partial Regex Secret();
}

/// <summary>Makes commands that share their options and the way they fail.</summary>
internal sealed class CommandFactory(Terminal terminal, ServerOptions options)
{
    public Terminal Terminal => terminal;

    /// <summary>A command that asks the server.</summary>
    public Command Asks(ExampleCommand command, Func<Call, CancellationToken, Task<int>> run)
    {
        options.AddTo(command);
        return Runs(command, run);
    }

    /// <summary>A command that needs no server.</summary>
    public Command Runs(ExampleCommand command, Func<Call, CancellationToken, Task<int>> run)
    {
        command.Add(options.Json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var call = new Call(parsed, terminal, options);
            try
            {
                return await run(call, cancellationToken);
            }
            catch (CommandFailure failure)
            {
                return Fail(call, failure);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return Fail(call, new CommandFailure(ExitCodes.NotDone, "cancelled", "cancelled"));
            }
            catch (Exception defect)
            {
                // Not its message: it may repeat what must not be shown.
                return Fail(call, new CommandFailure(
                    ExitCodes.NotDone, "defect",
                    $"a defect of this program, please report it: {defect.GetType().Name} in {defect.TargetSite}"));
            }
        });
        return command;
    }

    private int Fail(Call call, CommandFailure failure)
    {
        terminal.WriteError(failure.Message);
        if (call.IsJson)
        {
            terminal.Output.WriteLine(failure.ToJson().ToJsonString());
        }

        return failure.ExitCode;
    }
}
