using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>An answer as it came.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? MediaType => Headers.GetValueOrDefault("Content-Type")?.Split(';')[0].Trim();

    public bool EndsConnection => Headers.GetValueOrDefault("Connection") is "close";
}

/// <summary>HTTP/1.1 by hand: sends what no client library would, and reads whatever comes back.</summary>
internal sealed class RawConnection(int port) : IAsyncDisposable
{
    private const int BodyMax = 16 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private TcpClient? _client;
    private NetworkStream? _stream;
    private int _start;
    private int _end;

    public bool IsOpen => _client is not null;

    /// <summary>Sends and reads; null: the connection was ended without an answer.</summary>
    /// <exception cref="TimeoutException">There was no whole answer in time.</exception>
    public async Task<RawAnswer?> SendAsync(RawRequest request)
    {
        using var late = new CancellationTokenSource(Patience);
        try
        {
            if (_client is null)
            {
                _client = new TcpClient { NoDelay = true };
                await _client.ConnectAsync(IPAddress.Loopback, port, late.Token);
                _stream = _client.GetStream();
                _start = _end = 0;
            }

            // Beside the reading: a body that is refused while it is sent is answered before it is all sent.
            var writing = _stream!.WriteAsync(request.ToBytes(), late.Token).AsTask();
            var answer = await ReadAsync(request.Method == "HEAD", late.Token);
            if (!writing.IsCompletedSuccessfully || answer is null || answer.EndsConnection
                || answer.MediaType == "text/event-stream")
            {
                await CloseAsync(writing);
            }

            return answer;
        }
        catch (Exception broken) when (broken is IOException or SocketException)
        {
            await CloseAsync(Task.CompletedTask);
            return null;
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(Task.CompletedTask);
            throw new TimeoutException($"No whole answer within {Patience}.");
        }
    }

    public ValueTask DisposeAsync() => new(CloseAsync(Task.CompletedTask));

    private async Task CloseAsync(Task writing)
    {
        _client?.Dispose();
        _client = null;
        await writing.ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
    }

    private async Task<RawAnswer?> ReadAsync(bool isHead, CancellationToken late)
    {
        while (await LineAsync(late) is { Length: > 0 } first)
        {
            var status = int.Parse(first.Split(' ')[1], CultureInfo.InvariantCulture);
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await LineAsync(late) is { Length: > 0 } line)
            {
                var colon = line.IndexOf(':');
                var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
                headers[name] = headers.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
            }

            // 100: go on sending.
            if (status >= 200)
            {
                var isEmpty = isHead || status is 204 or 304;
                return new RawAnswer(status, headers, isEmpty ? [] : await BodyAsync(headers, late));
            }
        }

        return null;
    }

    private async Task<byte[]> BodyAsync(Dictionary<string, string> headers, CancellationToken late)
    {
        if (headers.TryGetValue("Content-Type", out var type) && type.StartsWith("text/event-stream", StringComparison.Ordinal))
        {
            return [];
        }

        using var body = new MemoryStream();
        if (headers.TryGetValue("Content-Length", out var length))
        {
            await CopyAsync(body, int.Parse(length, CultureInfo.InvariantCulture), late);
        }
        else if (headers.GetValueOrDefault("Transfer-Encoding") == "chunked")
        {
            int size;
            do
            {
                size = int.Parse((await LineAsync(late))!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                await CopyAsync(body, size, late);
                await LineAsync(late);
            }
            while (size > 0);
        }

        return body.ToArray();
    }

    private async Task CopyAsync(MemoryStream body, int count, CancellationToken late)
    {
        Assert.True(body.Length + count <= BodyMax, $"An answer of more than {BodyMax} bytes.");
        while (count > 0)
        {
            if (_start == _end && !await FillAsync(late))
            {
                throw new IOException("The answer was cut off.");
            }

            var part = Math.Min(count, _end - _start);
            body.Write(_buffer, _start, part);
            (_start, count) = (_start + part, count - part);
        }
    }

    private async Task<string?> LineAsync(CancellationToken late)
    {
        var line = new StringBuilder();
        while (true)
        {
            var end = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            var stop = end < 0 ? _end : end;
            line.Append(Encoding.Latin1.GetString(_buffer, _start, stop - _start));
            _start = end < 0 ? _end : end + 1;
            if (end >= 0)
            {
                return line.ToString().TrimEnd('\r');
            }

            if (!await FillAsync(late))
            {
                return null;
            }
        }
    }

    private async Task<bool> FillAsync(CancellationToken late)
    {
        _start = 0;
        _end = await _stream!.ReadAsync(_buffer, late);
        return _end > 0;
    }
}
