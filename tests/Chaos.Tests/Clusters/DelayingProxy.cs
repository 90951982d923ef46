using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Gatehouse.Chaos.Tests.Clusters;

/// <summary>A network between two places: everything takes its time, and it can be cut.</summary>
internal sealed class DelayingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly TimeSpan _delay;
    private readonly Task _accepting;
    private volatile int _target;
    private volatile bool _isCut;
    private volatile TaskCompletionSource _flowing = new();

    /// <param name="target">The port on loopback that it leads to.</param>
    /// <param name="delay">How long every byte is under way, in each direction.</param>
    public DelayingProxy(int target, TimeSpan delay)
    {
        (_target, _delay) = (target, delay);
        _flowing.SetResult();
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Breaks every connection and lets no new one through.</summary>
    public void Cut()
    {
        _isCut = true;
        CloseAll();
    }

    /// <summary>Leads to another port from now on, as an address does that another server has taken over.</summary>
    public void Redirect(int target)
    {
        _target = target;
        CloseAll();
    }

    /// <summary>Keeps every connection, and everything that is sent, until it is mended.</summary>
    public void Hold() => _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend()
    {
        _isCut = false;
        _flowing.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Mend();
        _listener.Dispose();
        CloseAll();
        await _accepting;
    }

    private void CloseAll()
    {
        foreach (var client in _open.Keys)
        {
            client.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync()));
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            (client.NoDelay, server.NoDelay) = (true, true);
            _open.TryAdd(client, 0);
            _open.TryAdd(server, 0);
            try
            {
                if (!_isCut)
                {
                    await server.ConnectAsync(IPAddress.Loopback, _target);
                    await Task.WhenAny(
                        PumpAsync(client.GetStream(), server.GetStream()),
                        PumpAsync(server.GetStream(), client.GetStream()));
                }
            }
            catch (Exception broken) when (broken is IOException or SocketException or InvalidOperationException)
            {
                // The other end sees a broken connection too, as it should.
            }

            _open.TryRemove(client, out _);
            _open.TryRemove(server, out _);
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to)
    {
        var onTheWay = Channel.CreateUnbounded<(long SentAt, byte[] Bytes)>();
        await Task.WhenAny(ReadAsync(from, onTheWay.Writer), WriteAsync(to, onTheWay.Reader));
    }

    private static async Task ReadAsync(NetworkStream from, ChannelWriter<(long SentAt, byte[] Bytes)> onTheWay)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer) is > 0 and var length)
        {
            onTheWay.TryWrite((TimeProvider.System.GetTimestamp(), buffer[..length]));
        }
    }

    private async Task WriteAsync(NetworkStream to, ChannelReader<(long SentAt, byte[] Bytes)> onTheWay)
    {
        await foreach (var (sentAt, bytes) in onTheWay.ReadAllAsync())
        {
            if (_delay - TimeProvider.System.GetElapsedTime(sentAt) is { Ticks: > 0 } rest)
            {
                await Task.Delay(rest);
            }

            await _flowing.Task;
            await to.WriteAsync(bytes);
        }
    }
}
