using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Http;

/// <summary>Calls the API hosts of one region in turn and writes down what came back, or that nothing did.</summary>
internal sealed class RecordingClient(ChaosCluster cluster, HistoryClock clock, ConcurrentQueue<HttpCall> calls)
{
    private int _sent;

    public string Region => cluster.Region;

    /// <param name="route">Method and path template; the path is the template with its values.</param>
    /// <param name="values">For the parameters of the path, in their order.</param>
    /// <param name="body">JSON.</param>
    public async Task<(HttpCall Call, JsonElement Body)> PostAsync(string route, string[] values, string body)
    {
        var host = cluster.Hosts[Interlocked.Increment(ref _sent) % cluster.Hosts.Length];
        var call = new HttpCall { Region = Region, Process = host.Id, Route = $"POST {route}", Start = clock.Now };
        var json = default(JsonElement);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Path(route, values));
            request.Content = new StringContent(body, null, "application/json");
            using var response = await host.AnswerAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            json = text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
            call = Answered(call, response, json);
        }
        catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody knows whether it was done.
        }

        call = call with { End = clock.Now };
        calls.Enqueue(call);
        return (call, json);
    }

    private static string Path(string route, string[] values)
    {
        var path = route;
        foreach (var value in values)
        {
            var (open, close) = (path.IndexOf('{', StringComparison.Ordinal), path.IndexOf('}', StringComparison.Ordinal));
            path = $"{path[..open]}{value}{path[(close + 1)..]}";
        }

        return path;
    }

    private static HttpCall Answered(HttpCall call, HttpResponseMessage response, JsonElement json)
    {
        var isError = !response.IsSuccessStatusCode;
        var retryAfter = response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null;
        return call with
        {
            Status = (int)response.StatusCode,
            IsProblem = isError && response.Content.Headers.ContentType?.MediaType == "application/problem+json"
                && Text(json, "type") is not null && Text(json, "title") is not null && Text(json, "code") is not null,
            Code = isError ? Text(json, "code") : null,
            Applied = isError ? Text(json, "applied") : null,
            RetryAfter = int.TryParse(retryAfter, CultureInfo.InvariantCulture, out var seconds) ? seconds : null,
            Detail = isError ? $"{json}" : null,
        };
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind is JsonValueKind.Object && json.TryGetProperty(name, out var value)
            && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
