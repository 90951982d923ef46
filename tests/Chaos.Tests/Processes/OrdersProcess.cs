using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>The sample service in a process of its own.</summary>
internal sealed partial class OrdersProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly HttpClient _client;

    private OrdersProcess(Process process, Uri url) =>
        (_process, _client) = (process, new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) });

    public int Id => _process.Id;

    public static async Task<OrdersProcess> StartAsync(Uri gatehouse, Uri payments, string tenant, string key)
    {
        var start = new ProcessStartInfo(
            "dotnet", [GatehouseProcess.Executable("Orders"), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Gatehouse__Url"] = $"{gatehouse}",
                ["Gatehouse__Tenant"] = tenant,
                ["Gatehouse__ApiKey"] = key,
                ["Payments__Url"] = $"{payments}",
            },
        };
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new StringBuilder();
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) =>
        {
            said.AppendLine(line.Data);
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException($"It ended. It said:\n{said}"));
            }
            else if (ReadyLine().Match(line.Data) is { Success: true } match)
            {
                ready.TrySetResult(new Uri(match.Groups["url"].Value));
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        return new OrdersProcess(process, await ready.Task.WaitAsync(StartMax));
    }

    /// <summary>Places an order; status, body and the two headers of idempotency.</summary>
    public async Task<PlacedOrder> OrderAsync(string key, decimal amount = 12.5m)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = new StringContent($$"""{"customer":"7","amount":{{amount}}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await _client.SendAsync(request);
        return new PlacedOrder(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(),
            response.Headers.Contains("Idempotent-Replayed"), response.Headers.Contains("Idempotency-Status"));
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _client.Dispose();
        _process.Dispose();
    }

    [GeneratedRegex(@"Now listening on:\s+(?<url>\S+)")]
    private static partial Regex ReadyLine();
}

/// <summary>What a caller of the sample service saw.</summary>
internal sealed record PlacedOrder(int Status, string Text, bool IsReplayed, bool IsUnrecorded)
{
    public bool Says(string code) => Text.Contains($"\"{code}\"", StringComparison.Ordinal);
}
