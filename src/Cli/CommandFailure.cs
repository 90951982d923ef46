using System.Text.Json.Nodes;

namespace Gatehouse.Cli;

/// <summary>What commands end with.</summary>
internal static class ExitCodes
{
    /// <summary>It was done, and all is well.</summary>
    public const int Ok = 0;

    /// <summary>The server refused, or something was found that is not well.</summary>
    public const int Refused = 1;

    /// <summary>Nothing can be said: the call is wrong, or nobody answered.</summary>
    public const int NotDone = 2;
}

/// <summary>A command cannot go on; the message is the one line that says why.</summary>
internal sealed class CommandFailure(int exitCode, string code, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Stable: the server's <c>code</c>, or <c>usage</c>, <c>unreachable</c>, <c>not_confirmed</c>.</summary>
    public string Code { get; } = code;

    public int? Status { get; init; }

    public string? RequestId { get; init; }

    public static CommandFailure Usage(string message) => new(ExitCodes.NotDone, "usage", message);

    public static CommandFailure Unreachable(string message) => new(ExitCodes.NotDone, "unreachable", message);

    public JsonObject ToJson() => new()
    {
        ["ok"] = false,
        ["error"] = Message,
        ["code"] = Code,
        ["status"] = Status,
        ["requestId"] = RequestId,
    };
}
