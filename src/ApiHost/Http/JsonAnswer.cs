using System.Buffers;
using System.Text.Json;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Writes a small JSON answer in one piece and with its length. A writer and a buffer serve one thread for ever: no
/// answer is written across an await.
/// </summary>
internal static class JsonAnswer
{
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? _cached;

    public static Task WriteAsync<TState>(HttpContext context, TState state, Action<Utf8JsonWriter, TState> write)
    {
        var (buffer, json) = _cached ??= Create();
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        write(json, state);
        json.Flush();
        return SendAsync(context, buffer);
    }

    /// <summary>
    /// For an answer that is bytes already, all but a few: the function writes them and says how many.
    /// </summary>
    public static Task WriteAsync<TState>(
        HttpContext context, TState state, int lengthMax, Func<Span<byte>, TState, int> write)
    {
        var (buffer, _) = _cached ??= Create();
        buffer.ResetWrittenCount();
        buffer.Advance(write(buffer.GetSpan(lengthMax), state));
        return SendAsync(context, buffer);
    }

    private static Task SendAsync(HttpContext context, ArrayBufferWriter<byte> buffer)
    {
        var response = context.Response;
        response.ContentLength = buffer.WrittenCount;
        // Copied into the connection's own buffer before this returns, so the thread may use its buffer again.
        var written = response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        return written.IsCompletedSuccessfully ? Task.CompletedTask : written.AsTask();
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Create()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return (buffer, new Utf8JsonWriter(buffer));
    }
}
