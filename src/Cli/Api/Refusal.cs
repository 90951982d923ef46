namespace Gatehouse.Cli.Api;

/// <summary>Makes one line of a problem document: the rule that was broken, and what names it.</summary>
internal static class Refusal
{
    /// <param name="answer">What the server answered.</param>
    /// <param name="idempotencyKey">What a change was sent with; null for what changes nothing.</param>
    public static CommandFailure Of(Answer answer, string? idempotencyKey = null)
    {
        if (answer.Code is not { } code)
        {
            return CommandFailure.Unreachable(
                $"the server answered {answer.Status}, and not as Gatehouse does: is the address right?");
        }

        var said = $"refused: {Rule(answer)} ({answer.Status} {code}, request {answer.RequestId ?? "unknown"})";
        return new CommandFailure(ExitCodes.Refused, code, said + Advice(answer, code, idempotencyKey))
        {
            Status = answer.Status,
            RequestId = answer.RequestId,
        };
    }

    private static string Rule(Answer answer)
    {
        var rules = string.Join("; ", answer.Json.Items("errors")
            .Select(static fault => $"{fault.Text("field")} {fault.Text("rule")}".Trim()));
        return rules.Length > 0 ? rules
            : (answer.Json.Text("detail") ?? answer.Json.Text("message") ?? answer.Json.Text("title")
                ?? "no reason given").TrimEnd('.');
    }

    private static string Advice(Answer answer, string code, string? idempotencyKey) => code switch
    {
        "unauthenticated" => $"; set {ServerOptions.KeyVariable} or --key-file to a key that is good",
        "admin_only" => $"; set {ServerOptions.KeyVariable} or --key-file to the admin key",
        "internal_error" when idempotencyKey is not null => Unknown(idempotencyKey),
        _ when answer.Json.Text("applied") == "unknown" && idempotencyKey is not null => Unknown(idempotencyKey),
        _ when answer.Json.Text("retryAfterMs") is { } wait => $"; try again in {wait} ms",
        _ => "",
    };

    /// <summary>How to find out what became of a change, without doing it twice.</summary>
    public static string Unknown(string idempotencyKey) =>
        $"; whether it was done is not known: repeat it with --idempotency-key {idempotencyKey}";
}
