using System.Security.Claims;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.AspNetCore.Idempotency;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>A service with idempotent endpoints on a real Kestrel, whose claims and time are the test's.</summary>
internal sealed class IdempotentService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private IdempotentService(WebApplication app, MemoryClaims claims, FakeTimeProvider time)
    {
        (_app, Claims, Time) = (app, claims, time);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public MemoryClaims Claims { get; }

    public FakeTimeProvider Time { get; }

    public HttpClient Client { get; }

    public static async Task<IdempotentService> StartAsync(
        Action<WebApplication> map, Action<IdempotencyOptions>? configure = null, bool usesIt = true,
        Action<WebApplication>? outer = null, Action<IServiceCollection>? more = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
        var claims = new MemoryClaims(time);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = 2 * 1024 * 1024);
        builder.Services.Configure<RouteHandlerOptions>(static routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<IIdempotencyClaims>(claims);
        builder.Services.AddGatehouseIdempotency(configure);
        more?.Invoke(builder.Services);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Headers["X-User"].ToString() is { Length: > 0 } user)
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new("sub", user)], "test"));
            }

            return next(context);
        });
        outer?.Invoke(app);
        app.UseRouting();
        if (usesIt)
        {
            app.UseGatehouseIdempotency();
        }

        map(app);
        await app.StartAsync();
        return new IdempotentService(app, claims, time);
    }

    public Task<Answer> PostAsync(
        string path, string body = "{}", string? key = "k", params (string Name, string Value)[] headers) =>
        SendAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), key, headers);

    public async Task<Answer> SendAsync(
        string path, HttpContent content, string? key = "k", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        foreach (var (name, value) in key is null ? headers : [.. headers, ("Idempotency-Key", key)])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>An effect that the test counts, and can hold up.</summary>
internal sealed class Effect
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public int Count => _count;

    /// <summary>The first run, once it has begun.</summary>
    public Task Begun => _begun.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>What runs wait for; none by default.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public async Task<int> RunAsync()
    {
        var count = Interlocked.Increment(ref _count);
        var gate = Gate;
        _begun.TrySetResult();
        if (gate is not null)
        {
            await gate.Task;
        }

        return count;
    }

    public TaskCompletionSource Hold() =>
        Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
}
