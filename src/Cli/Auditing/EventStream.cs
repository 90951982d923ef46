namespace Gatehouse.Cli.Auditing;

/// <summary>One event of a stream: what its fields say. A sign of life has neither.</summary>
/// <param name="Id">Its place.</param>
/// <param name="Data">What happened.</param>
internal sealed record StreamedEvent(string? Id, string? Data)
{
    /// <summary>Nothing new, and the server is there.</summary>
    public static readonly StreamedEvent Alive = new(null, null);
}

/// <summary>
/// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as far as this server
/// writes them: an event that the connection cut off is none.
/// </summary>
internal static class EventStream
{
    public static async IAsyncEnumerable<StreamedEvent> ReadAsync(
        TextReader reader, Func<Task<string?>, Task<string?>> within)
    {
        string? id = null, data = null;
        while (await within(reader.ReadLineAsync()) is { } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            switch (colon < 0 ? line : line[..colon])
            {
                case "" when line.Length > 0:
                    yield return StreamedEvent.Alive;
                    break;
                case "":
                    if (data is not null)
                    {
                        yield return new StreamedEvent(id, data);
                    }

                    data = null;
                    break;
                case "id":
                    id = value;
                    break;
                case "data":
                    data = data is null ? value : $"{data}\n{value}";
                    break;
            }
        }
    }
}
