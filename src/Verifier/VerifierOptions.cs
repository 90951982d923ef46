namespace Gatehouse.Verifier;

/// <summary>What the command line asks for.</summary>
internal sealed record VerifierOptions
{
    public const string Usage = """
        usage: gatehouse-verifier [<export.ndjson>|-] --jwks <file> [options]
          --jwks <file>         the chain's public keys: GET /v1/tenants/{t}/keys/jwks.json?revoked=include; required
          --checkpoint <file>   a checkpoint that you kept: the export has to agree with it; may be given several times
          --allow-revoked       a revoked key vouches for what says that it was signed before the revocation
          --receipt <file>      a receipt (.tlog-proof), and
          --entry <file>        the entry that it is of; with them, the export may be left out
          --json                one JSON object instead of text
          '-' reads the export from standard input.
        Ends with 0 when all is verified, 1 when a fault was found, 2 when it could not be checked.
        """;

    public string? Export { get; private set; }

    public string Jwks { get; private set; } = "";

    public List<string> Checkpoints { get; } = [];

    public bool AllowRevoked { get; private set; }

    public bool Json { get; private set; }

    public string? Receipt { get; private set; }

    public string? Entry { get; private set; }

    /// <exception cref="UncheckedException">It asks for nothing that can be done.</exception>
    public static VerifierOptions Parse(IReadOnlyList<string> args)
    {
        var options = new VerifierOptions();
        for (var at = 0; at < args.Count; at++)
        {
            var option = args[at];
            options.Take(option, () => ++at < args.Count && !args[at].StartsWith("--", StringComparison.Ordinal)
                ? args[at]
                : throw new UncheckedException(option, "needs a file"));
        }

        return options switch
        {
            { Jwks: "" } => throw new UncheckedException("--jwks", "is required"),
            { Export: null, Receipt: null } => throw new UncheckedException("export", "is required"),
            { Receipt: null, Entry: not null } => throw new UncheckedException("--entry", "needs --receipt"),
            { Receipt: not null, Entry: null } => throw new UncheckedException("--receipt", "needs --entry"),
            { Export: null, Checkpoints.Count: > 0 } => throw new UncheckedException("--checkpoint", "needs an export"),
            _ => options,
        };
    }

    private void Take(string arg, Func<string> value)
    {
        switch (arg)
        {
            case "--jwks":
                Jwks = Once(arg, Jwks.Length == 0 ? null : Jwks, value());
                break;
            case "--checkpoint":
                Checkpoints.Add(value());
                break;
            case "--receipt":
                Receipt = Once(arg, Receipt, value());
                break;
            case "--entry":
                Entry = Once(arg, Entry, value());
                break;
            case "--allow-revoked":
                AllowRevoked = true;
                break;
            case "--json":
                Json = true;
                break;
            case ['-', _, ..]:
                throw new UncheckedException(arg, "is no option");
            default:
                Export = Once("export", Export, arg);
                break;
        }
    }

    private static string Once(string arg, string? before, string value) =>
        before is null ? value : throw new UncheckedException(arg, "is given twice");
}
