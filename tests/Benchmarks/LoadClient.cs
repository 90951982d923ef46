using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Benchmarks;

/// <summary>
/// Keeps so many connections busy, each with one request at a time. It shares the processors with what it measures, so
/// it parses no more than the status and the end of an answer, and allocates nothing while it runs.
/// </summary>
internal sealed class LoadClient(Uri url, int connections)
{
    /// <summary>Sends for so long; each connection walks through the requests from a place of its own.</summary>
    /// <param name="requests">What is sent.</param>
    /// <param name="status">What answers must be.</param>
    /// <param name="time">How long.</param>
    /// <param name="other">What they may be instead; those are counted apart.</param>
    public async Task<Load> RunAsync(byte[][] requests, int status, TimeSpan time, int? other = null)
    {
        var work = new Work(requests, StatusLine(status), StatusLine(other ?? status));
        var sockets = new Socket[connections];
        for (var i = 0; i < connections; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await sockets[i].ConnectAsync(IPAddress.Loopback, url.Port);
        }

        var latencies = sockets.Select(_ => new LatencyHistogram()).ToArray();
        using var end = new CancellationTokenSource();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var processor = Environment.CpuUsage.TotalTime;
        var start = TimeProvider.System.GetTimestamp();
        end.CancelAfter(time);
        var counts = await Task.WhenAll(sockets.Select((socket, i) =>
            SendAsync(socket, work, (int)((long)i * requests.Length / connections), latencies[i], end.Token)));
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        processor = Environment.CpuUsage.TotalTime - processor;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        foreach (var others in latencies.Skip(1))
        {
            latencies[0].Add(others);
        }

        var count = Math.Max(1.0, counts.Sum(count => count.Expected));
        return new Load(count, count / elapsed.TotalSeconds, processor.TotalMicroseconds / count, allocated / count)
        {
            Latencies = latencies[0],
            Others = counts.Sum(count => count.Others),
        };
    }

    /// <summary>One request of a check, ready to be sent.</summary>
    public static byte[] Request(string path, string key, string body) => Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n" +
        $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    /// <summary>A request without a body and without a credential.</summary>
    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private static async Task<(long Expected, long Others)> SendAsync(
        Socket socket, Work work, int first, LatencyHistogram latencies, CancellationToken end)
    {
        var buffer = new byte[8192];
        var (expected, others) = (0L, 0L);
        for (var next = first; !end.IsCancellationRequested; next = (next + 1) % work.Requests.Length)
        {
            var sent = TimeProvider.System.GetTimestamp();
            await socket.SendAsync(work.Requests[next].AsMemory(), SocketFlags.None, CancellationToken.None);
            var length = 0;
            do
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, CancellationToken.None);
                length += read > 0 ? read : throw new IOException("The host closed a connection.");
            }
            while (!IsComplete(buffer.AsSpan(0, length)));
            if (buffer.AsSpan(0, length).StartsWith(work.Expected))
            {
                latencies.Add(TimeProvider.System.GetElapsedTime(sent));
                expected++;
            }
            else if (buffer.AsSpan(0, length).StartsWith(work.Other))
            {
                others++;
            }
            else
            {
                throw new IOException($"An answer was not as expected: {Encoding.ASCII.GetString(buffer, 0, length)}");
            }
        }

        return (expected, others);
    }

    private sealed record Work(byte[][] Requests, byte[] Expected, byte[] Other);

    private static byte[] StatusLine(int status) => Encoding.ASCII.GetBytes($"HTTP/1.1 {status} ");

    private static bool IsComplete(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        var at = answer[..head].IndexOf("Content-Length: "u8);
        if (at < 0)
        {
            return answer.EndsWith("0\r\n\r\n"u8);
        }

        return Utf8Parser.TryParse(answer[(at + 16)..], out int length, out _) && answer.Length >= head + 4 + length;
    }
}

/// <summary>What one run measured.</summary>
/// <param name="Count">Answers.</param>
/// <param name="PerSecond">Answers per second.</param>
/// <param name="ProcessorMicroseconds">Processor time of the whole process per answer, the client's share too.</param>
/// <param name="BytesPerRequest">Bytes the whole process allocated per answer.</param>
internal sealed record Load(double Count, double PerSecond, double ProcessorMicroseconds, double BytesPerRequest)
{
    public required LatencyHistogram Latencies { get; init; }

    /// <summary>Processor time of other processes that answered, per answer.</summary>
    public double ServerMicroseconds { get; init; }

    public double AllMicroseconds => ProcessorMicroseconds + ServerMicroseconds;

    public double Milliseconds(double share) => Latencies.Quantile(share).TotalMilliseconds;

    /// <summary>Answers of the other status.</summary>
    public long Others { get; init; }
}
