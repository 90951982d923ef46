using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>One request as the application got it.</summary>
internal sealed record UpstreamRequest(string Method, string Target, string Body, IReadOnlyList<string> HeaderNames);

/// <summary>The application behind a proxy: it remembers what reached it and answers the status it is asked for.</summary>
internal sealed class UpstreamApplication : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<UpstreamRequest> _requests = new();

    private UpstreamApplication()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public Uri Address => new(_app.Urls.First());

    public IReadOnlyCollection<UpstreamRequest> Requests => _requests;

    public static async Task<UpstreamApplication> StartAsync()
    {
        var application = new UpstreamApplication();
        await application._app.StartAsync();
        return application;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        _requests.Enqueue(new UpstreamRequest(
            context.Request.Method, context.Request.Path + context.Request.QueryString.ToString(),
            await reader.ReadToEndAsync(), [.. context.Request.Headers.Keys]));
        context.Response.StatusCode = int.TryParse(context.Request.Path.Value![1..], out var status) ? status : 200;
        await context.Response.WriteAsync("from the application");
    }
}
