using System.Diagnostics;
using System.Threading.RateLimiting;
using Gatehouse.ApiHost.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace Gatehouse.Benchmarks.Peers;

/// <summary>A server in a process of its own, so that what it costs can be told from the load generator.</summary>
internal static class Serve
{
    private const string ReadyText = "serves at";

    /// <summary>Gatehouse as it is, and beside it in the same host one script per request.</summary>
    public static Task<ServerProcess> StartGatehouseAsync(string redis) => StartAsync("gatehouse", redis);

    /// <summary>ASP.NET's own limiter.</summary>
    public static Task<ServerProcess> StartLimiterAsync() => StartAsync("limiter");

    /// <summary>What stands behind the text: an address, and a key where one is needed.</summary>
    public static (Uri Url, string Key) Read(ServerProcess server)
    {
        var words = server.ReadyLine[(server.ReadyLine.IndexOf(ReadyText, StringComparison.Ordinal) + ReadyText.Length)..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (new Uri(words[0]), words.Length > 1 ? words[1] : "");
    }

    /// <summary>The other side: serves until it is killed, or whoever started it is gone.</summary>
    public static async Task<int> RunAsync(string what, string[] rest)
    {
        if (what == "gatehouse")
        {
            await using var host = await BenchmarkHost.StartOnAsync(rest[0]);
            await ServeAsync($"{host.Url} {host.Key}");
        }
        else
        {
            await using var app = BuildLimiter();
            await app.StartAsync();
            await ServeAsync(app.Urls.First());
        }

        return 0;
    }

    private static async Task ServeAsync(string address)
    {
        Console.WriteLine($"{ReadyText} {address}");
        await Console.In.ReadToEndAsync();
    }

    private static Task<ServerProcess> StartAsync(params string[] arguments) => ServerProcess.StartAsync(
        new ProcessStartInfo("dotnet", [typeof(Serve).Assembly.Location, "serve", .. arguments]), ReadyText);

    /// <summary>As its guide shows it, with the window of the others: 30 parts of two seconds.</summary>
    private static WebApplication BuildLimiter()
    {
        var builder = WebApplication.CreateBuilder(["--environment", "Production", "--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddRateLimiter(static limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.AddPolicy("open", static context => Limit(context, 1_000_000_000, TimeSpan.FromMinutes(1)));
            limiter.AddPolicy("shut", static context => Limit(context, 1, TimeSpan.FromDays(1)));
        });
        var app = builder.Build();
        app.UseRouting();
        app.UseRateLimiter();
        app.MapPost("/open/{subject}", Answer).RequireRateLimiting("open");
        app.MapPost("/shut/{subject}", Answer).RequireRateLimiting("shut");
        return app;
    }

    private static RateLimitPartition<string> Limit(HttpContext context, int limit, TimeSpan window) =>
        RateLimitPartition.GetSlidingWindowLimiter((string)context.Request.RouteValues["subject"]!, _ => new()
        {
            PermitLimit = limit,
            Window = window,
            SegmentsPerWindow = 30,
        });

    private static IResult Answer(string subject, CheckRequest request) =>
        Results.Ok(new LimiterAnswer(Allowed: true, subject, request.Cost));

    private sealed record LimiterAnswer(bool Allowed, string Subject, long Cost);
}
