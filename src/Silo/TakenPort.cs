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

        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            throw new ValidationException($"{setting}: port {port} of {address} is taken by another process.");
        }
    }
}
