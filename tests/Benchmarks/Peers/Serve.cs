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

    /// <summary>The other side: serves until it is killed.</summary>
    public static async Task<int> RunAsync(string what, string[] rest)
    {
        if (what == "gatehouse")
        {
            await using var host = await BenchmarkHost.StartOnAsync(rest[0]);
            Console.WriteLine($"{ReadyText} {host.Url} {host.Key}");
            await Task.Delay(Timeout.Infinite);
        }

        await using var app = BuildLimiter();
        await app.StartAsync();
        Console.WriteLine($"{ReadyText} {app.Urls.First()}");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    private static Task<ServerProcess> StartAsync(params string[] arguments) => ServerProcess.StartAsync(
        new ProcessStartInfo("dotnet", [typeof(Serve).Assembly.Location, "serve", .. arguments]), ReadyText);

    /// <summary>As its guide shows it, with the window of the others: 30 parts of two seconds.</summary>
    private static WebApplication BuildLimiter()
    {
        var builder = WebApplication.CreateBuilder(["--environment", "Production", "--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddRateLimiter(static limiter => limiter.AddPolicy("subject", static context =>
            RateLimitPartition.GetSlidingWindowLimiter((string)context.Request.RouteValues["subject"]!, static _ => new()
            {
                PermitLimit = 1_000_000_000,
                Window = TimeSpan.FromMinutes(1),
                SegmentsPerWindow = 30,
            })));
        var app = builder.Build();
        app.UseRouting();
        app.UseRateLimiter();
        app.MapPost("/check/{subject}", static (string subject, CheckRequest request) =>
            Results.Ok(new LimiterAnswer(Allowed: true, subject, request.Cost))).RequireRateLimiting("subject");
        return app;
    }

    private sealed record LimiterAnswer(bool Allowed, string Subject, long Cost);
}
