using System.CommandLine;
using Gatehouse.Verifier;

namespace Gatehouse.Cli.Auditing;

/// <summary>
/// <c>gatehouse audit verify</c>: the offline verifier itself, with its own reading of options, its output and its exit
/// codes. What is declared here is for the help only.
/// </summary>
internal static class VerifyCommand
{
    private const string Name = "verify";

    public static Command Create() => new ExampleCommand(
        Name, "Verifies an export or a receipt offline. Ends with 0 when all is verified, 1 when a fault was found, 2 "
            + "when it could not be checked.",
        "gatehouse audit export acme --output acme.ndjson --jwks acme-keys.json",
        "gatehouse audit verify acme.ndjson --jwks acme-keys.json --checkpoint kept.txt")
    {
        new Argument<string>("export")
        {
            Description = "The export; '-' reads standard input.", Arity = ArgumentArity.ZeroOrOne,
        },
        new Option<string>("--jwks") { Description = "The chain's public keys; required.", HelpName = "file" },
        new Option<string[]>("--checkpoint")
        {
            Description = "A checkpoint that you kept: the export has to agree with it. Several may be given.",
            HelpName = "file",
        },
        new Option<bool>("--allow-revoked")
        {
            Description = "A revoked key vouches for what says that it was signed before the revocation.",
        },
        new Option<string>("--receipt") { Description = "A receipt (.tlog-proof).", HelpName = "file" },
        new Option<string>("--entry")
        {
            Description = "The entry that the receipt is of; with both, the export may be left out.", HelpName = "file",
        },
        new Option<bool>("--json") { Description = "JSON instead of text." },
    };

    public static bool IsAskedFor(ParseResult parsed) =>
        parsed.CommandResult.Command is ExampleCommand { Name: Name } && parsed.Action is not HelpWithExamples;

    /// <summary>Hands all that stands behind the command's name over as it is.</summary>
    public static int Run(IReadOnlyList<string> args, Terminal terminal) => VerifierCommand.Run(
        [.. args.SkipWhile(static arg => arg != Name).Skip(1)], terminal.Input, terminal.Output, terminal.Errors);
}
