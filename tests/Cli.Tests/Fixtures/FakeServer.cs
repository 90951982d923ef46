using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Tests.Fixtures;

/// <summary>A server that answers as a test wants it: one that is older, another product, or one that breaks off.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeServer(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public static async Task<FakeServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new FakeServer(app);
    }

    /// <summary>Answers a text of a status for each path, and 404 elsewhere.</summary>
    public static Task<FakeServer> StartAsync(params (string Path, int Status, string Text)[] answers) =>
        StartAsync(async context =>
        {
            var found = answers.FirstOrDefault(answer => answer.Path == context.Request.Path);
            context.Response.StatusCode = found.Path is null ? 404 : found.Status;
            await context.Response.WriteAsync(found.Text ?? """{"code":"route_not_found","title":"No such route"}""");
        });

    public Task<CommandRun> RunAsync(IReadOnlyList<string> args, CancellationToken cancellation = default) =>
        CommandRun.OfAsync(args, new() { ["GATEHOUSE_URL"] = Url }, cancellation: cancellation);

    public async ValueTask DisposeAsync()
    {
        using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }
}
