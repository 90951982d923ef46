using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>What a Redis refused its users: what the product needs and the shipped users may not do.</summary>
internal static partial class RedisRefusals
{
    private static readonly string[] Harmless =
    [
        // The client asks for the server's settings when it connects, and goes on without them.
        "command config|get",
        // The exporter asks for the last entry when there is one. It shows arguments: the length is enough.
        "command slowlog|get of gatehouse-exporter",
    ];

    /// <summary>
    /// Asks the server for its log of refusals. Nothing where it does not answer: some tests leave it stopped.
    /// </summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(RedisServer server)
    {
        try
        {
            return Read(await server.SendAsync("ACL LOG 128"));
        }
        catch (Exception silent) when (silent is IOException or SocketException or OperationCanceledException)
        {
            return [];
        }
    }

    private static List<string> Read(string answer) =>
        [.. Refusal().Matches(answer).Select(match =>
            $"{match.Groups["reason"].Value} {match.Groups["object"].Value} of {match.Groups["user"].Value}")
            .Where(refusal => !Array.Exists(Harmless, known => refusal.StartsWith(known, StringComparison.Ordinal))).Distinct()];

    [GeneratedRegex(
        @"\nreason\r\n\$\d+\r\n(?<reason>.*)\r\n\$\d+\r\ncontext\r\n\$\d+\r\n.*\r\n" +
        @"\$\d+\r\nobject\r\n\$\d+\r\n(?<object>.*)\r\n\$\d+\r\nusername\r\n\$\d+\r\n(?<user>.*)\r\n")]
    private static partial Regex Refusal();
}
