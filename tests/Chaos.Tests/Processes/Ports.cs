using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// Finds ports that nobody listens on. Not among those that the system gives to outgoing connections: one of them could
/// take the port before the process that it was found for listens on it.
/// </summary>
internal static class Ports
{
    private const int First = 12_000;
    private const int End = 32_000;

    public static int Free()
    {
        while (true)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(First, End));
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
