using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A span that a process has sent.</summary>
/// <param name="Service">Who.</param>
/// <param name="Trace">The trace it belongs to, in hexadecimal digits.</param>
/// <param name="Id">Its own id.</param>
/// <param name="Parent">The id of the span above it.</param>
/// <param name="Name">What was done.</param>
internal sealed record SentSpan(string Service, string Trace, string Id, string Parent, string Name);

/// <summary>
/// Takes what processes send over OTLP, as a collector does, by HTTP with protobuf bodies, and reads as much of it as tests
/// want to know.
/// </summary>
internal sealed class CollectorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private CollectorServer(WebApplication app) => _app = app;

    /// <summary>For a process that is to send everything here, soon.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public ConcurrentQueue<SentSpan> Spans { get; } = new();

    /// <summary>Bodies as they came, by signal: traces, metrics or logs.</summary>
    public ConcurrentQueue<(string Signal, string Text)> Bodies { get; } = new();

    public static async Task<CollectorServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new CollectorServer(builder.Build());
        server._app.MapPost("/v1/{signal}", server.TakeAsync);
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<IResult> TakeAsync(string signal, HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.ToArray();
        Bodies.Enqueue((signal, Encoding.UTF8.GetString(bytes)));
        if (signal == "traces")
        {
            ReadTraces(bytes);
        }

        return Results.Bytes([], "application/x-protobuf");
    }

    /// <summary>The field numbers are those of opentelemetry-proto, trace.proto and resource.proto.</summary>
    private void ReadTraces(byte[] request)
    {
        foreach (var (_, perProcess) in Fields(request))
        {
            var parts = Fields(perProcess).ToList();
            var service = parts.Where(part => part.Field == 1).SelectMany(resource => Fields(resource.Bytes))
                .Select(attribute => Fields(attribute.Bytes).ToList())
                .First(attribute => Text(attribute[0].Bytes) == "service.name")[1].Bytes;
            foreach (var (_, span) in parts.Where(part => part.Field == 2)
                .SelectMany(scope => Fields(scope.Bytes)).Where(part => part.Field == 2))
            {
                var fields = Fields(span).GroupBy(part => part.Field).ToDictionary(same => same.Key, same => same.First().Bytes);
                Spans.Enqueue(new SentSpan(
                    Text(Fields(service).Single().Bytes), Hex(fields[1]), Hex(fields[2]),
                    Hex(fields.GetValueOrDefault(4, [])), Text(fields[5])));
            }
        }
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    /// <summary>The fields of a message that have a length: texts, bytes and other messages.</summary>
    private static IEnumerable<(int Field, byte[] Bytes)> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Number(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Number(message, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Number(message, ref at);
                    yield return ((int)(tag >> 3), message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException("This is no protobuf.");
            }
        }
    }

    private static ulong Number(byte[] message, ref int at)
    {
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }

            shift += 7;
        }
    }
}
