using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Talks to a Redis without the client library, which does more on a connection than a test asks for.</summary>
internal static class RedisText
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Sends commands on a connection of their own and answers all that comes back, as it comes.</summary>
    public static async Task<string> SendAsync(int port, params string[] commands)
    {
        using var client = new TcpClient();
        using var end = new CancellationTokenSource(AnswersWithin);
        await client.ConnectAsync(IPAddress.Loopback, port, end.Token);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(string.Concat(commands.Append("QUIT").Select(command => $"{command}\r\n"))), end.Token);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(end.Token);
    }
}
