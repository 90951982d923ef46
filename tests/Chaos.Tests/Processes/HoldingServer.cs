using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// A server whose answers the test can hold up: what was asked for has happened then, and nobody has heard of it yet.
/// </summary>
internal sealed class HoldingServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _keys = new();
    private readonly HttpClient _client = new();
    private volatile Hold? _hold;

    private HoldingServer(Func<HoldingServer, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(context => answer(this, context));
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>The idempotency keys that were asked with, each as often as it was.</summary>
    public IReadOnlyCollection<string> Keys => _keys;

    /// <summary>A payment provider: it charges once per idempotency key, and says which payment it is.</summary>
    public static Task<HoldingServer> StartPaymentsAsync()
    {
        var payments = new ConcurrentDictionary<string, Guid>();
        return StartAsync(async (server, context) =>
        {
            var key = context.Request.Headers["Idempotency-Key"].ToString();
            server._keys.Enqueue(key);
            var payment = payments.GetOrAdd(key, static _ => Guid.NewGuid());
            await server.HeldAsync(context.Request.Path);
            await context.Response.WriteAsJsonAsync(new { id = payment });
        });
    }

    /// <summary>What stands between a service and its Gatehouse.</summary>
    public static Task<HoldingServer> StartProxyAsync(Uri target) => StartAsync(async (server, context) =>
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri(target, context.Request.Path + context.Request.QueryString));
        request.Content = new StreamContent(context.Request.Body);
        request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        request.Headers.TryAddWithoutValidation("Authorization", (string?)context.Request.Headers.Authorization);
        using var response = await server._client.SendAsync(request);
        await server.HeldAsync(context.Request.Path);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await response.Content.CopyToAsync(context.Response.Body);
    });

    /// <summary>Holds up the next answer of a path that ends like this.</summary>
    public Hold HoldNext(string path) => _hold = new Hold(path);

    public async ValueTask DisposeAsync()
    {
        _hold?.LetGo();
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private static async Task<HoldingServer> StartAsync(Func<HoldingServer, HttpContext, Task> answer)
    {
        var server = new HoldingServer(answer);
        await server._app.StartAsync();
        return server;
    }

    private Task HeldAsync(PathString path)
    {
        if (_hold is not { } hold || !path.Value!.EndsWith(hold.Path, StringComparison.Ordinal))
        {
            return Task.CompletedTask;
        }

        _hold = null;
        return hold.WaitAsync();
    }
}

/// <summary>An answer that is held up.</summary>
internal sealed class Hold(string path)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Path => path;

    /// <summary>Completes once the answer is there and held.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void LetGo() => _gone.TrySetResult();

    public Task WaitAsync()
    {
        _reached.TrySetResult();
        return _gone.Task;
    }
}
