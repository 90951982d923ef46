using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Silo;

/// <summary>
/// Looks for ports that another process has, before anything is started: a silo that found out later had joined its
/// cluster already, as one that nobody can probe.
/// </summary>
public static class TakenPort
{
    /// <exception cref="ValidationException">A port is taken; the message names the setting.</exception>
    public static void Refuse(string setting, IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (port == 0)
        {
            return;
        }

        if (IsTaken(address, port))
        {
            throw new ValidationException($"{setting}: port {port} of {address} is taken by another process.");
        }
    }

    private static bool IsTaken(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            return false;
        }
        catch (SocketException failure)
        {
            // Whatever else is wrong with an address, such as no IPv6 here, whoever listens on it knows better.
            return failure.SocketErrorCode is SocketError.AddressAlreadyInUse;
        }
    }
}
