using System.Text.Json;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A series: its metric's name and its other labels.</summary>
internal sealed record Series(string Metric, IReadOnlyDictionary<string, string> Labels);

/// <summary>An alert that is pending or fires.</summary>
internal sealed record Alert(string Name, string State, IReadOnlyDictionary<string, string> Labels, string Summary)
{
    public bool Fires => State == "firing";

    public override string ToString() => $"{Name} {State} "
        + string.Join(',', Labels.Where(label => label.Key != "alertname").Select(label => $"{label.Key}={label.Value}"));
}

/// <summary>A real Prometheus with a configuration of a test's.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly ServerProcess _process;
    private readonly HttpClient _client;

    private PrometheusServer(TempFolder folder, ServerProcess process, string address)
    {
        (_folder, _process, Address) = (folder, process, address);
        _client = new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = TimeSpan.FromSeconds(20) };
    }

    public string Address { get; }

    /// <param name="files">Its files by name; <c>prometheus.yml</c> is its configuration.</param>
    /// <param name="address">Where it listens: it scrapes itself, so that the configuration names it.</param>
    public static async Task<PrometheusServer> StartAsync(IEnumerable<(string Name, string Text)> files, string address)
    {
        var folder = new TempFolder();
        foreach (var (name, text) in files)
        {
            var path = Path.Combine(folder.Path, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text);
        }

        try
        {
            return new PrometheusServer(
                folder,
                await ServerProcess.StartAsync(
                    "prometheus", "prometheus", "Server is ready to receive web requests",
                    $"--config.file={Path.Combine(folder.Path, "prometheus.yml")}",
                    $"--storage.tsdb.path={Path.Combine(folder.Path, "data")}", $"--web.listen-address={address}"),
                address);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Answers how many series an expression yields now, or what is wrong with it.</summary>
    public async Task<(int Count, string? Error)> QueryAsync(string expression)
    {
        using var content = new FormUrlEncodedContent([new("query", expression)]);
        using var response = await _client.PostAsync("/api/v1/query", content);
        var answer = await ReadAsync(response);
        if (answer.GetProperty("status").GetString() != "success")
        {
            return (0, answer.GetProperty("error").GetString());
        }

        var data = answer.GetProperty("data");
        return data.GetProperty("resultType").GetString() == "vector"
            ? (data.GetProperty("result").GetArrayLength(), null)
            : (1, null);
    }

    /// <summary>All series that it has ever had.</summary>
    public async Task<IReadOnlyList<Series>> SeriesAsync()
    {
        using var response = await _client.GetAsync("/api/v1/series?match[]=%7B__name__!%3D%22%22%7D");
        return
        [
            .. from series in (await ReadAsync(response)).GetProperty("data").EnumerateArray()
               let labels = Labels(series)
               select new Series(labels["__name__"], labels),
        ];
    }

    /// <summary>The alerts that are pending or fire now.</summary>
    public async Task<IReadOnlyList<Alert>> AlertsAsync()
    {
        using var response = await _client.GetAsync("/api/v1/alerts");
        return
        [
            .. from alert in (await ReadAsync(response)).GetProperty("data").GetProperty("alerts").EnumerateArray()
               let labels = Labels(alert.GetProperty("labels"))
               select new Alert(
                   labels["alertname"], alert.GetProperty("state").GetString()!, labels,
                   alert.GetProperty("annotations").GetProperty("summary").GetString()!),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }

    private static Dictionary<string, string> Labels(JsonElement labels) =>
        labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!);

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
}
