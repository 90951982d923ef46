using System.Text.Json;
using Gatehouse.ApiHost.Tests.Auditing;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Health;

/// <summary>What a running host says of its health, and to whom.</summary>
public class HealthTests(SharedHost shared)
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/startup")]
    [InlineData("/health/ready")]
    public async Task Probe_WithoutACredential_SaysOneWordThatNobodyKeeps(string path)
    {
        // A machine that is busy with other tests can make looks of the shared host slow.
        await ExpectReadyAsync(shared.Host, 200, "Healthy");
        var answer = await shared.Host.SendAsync(HttpMethod.Get, path, null);

        Assert.Equal((200, "Healthy"), (answer.Status, answer.Text));
        Assert.Equal(("no-store", "text/plain"), (answer.Headers["Cache-Control"], answer.Headers["Content-Type"]));
        Assert.Equal(200, (await shared.Host.SendAsync(HttpMethod.Head, path, null)).Status);
        Assert.Equal(405, (await shared.Host.SendAsync(HttpMethod.Post, path, null)).Status);
    }

    [Fact]
    public async Task Dependencies_OfAHealthyHost_AreListedInTheFormThatToolsRead()
    {
        var answer = await shared.Host.SendAsync(HttpMethod.Get, "/health/dependencies", TestHost.AdminKey);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal("Healthy", answer.Json.GetProperty("status").GetString());
        Assert.True(TimeSpan.TryParse(answer.Json.GetProperty("totalDuration").GetString(), out _));
        var entries = answer.Json.GetProperty("entries");
        Assert.Equal(
            ["archive", "changes", "clock", "membership", "persistence", "redis", "silo"],
            entries.EnumerateObject().Select(entry => entry.Name).Order());
        Assert.All(entries.EnumerateObject(), entry =>
        {
            Assert.Equal(
                ["data", "description", "duration", "status", "tags"], entry.Value.EnumerateObject().Select(p => p.Name));
            Assert.Equal("Healthy", entry.Value.GetProperty("status").GetString());
            Assert.True(TimeSpan.TryParse(entry.Value.GetProperty("duration").GetString(), out _));
        });
        Assert.Equal("embedded", Data(answer, "persistence", "store").GetString());
        Assert.Equal("Sqlite", Data(answer, "archive", "provider").GetString());
        Assert.InRange(Data(answer, "redis", "dataMilliseconds").GetDouble(), 0, 1_000);
        Assert.InRange(Data(answer, "redis", "stateMilliseconds").GetDouble(), 0, 1_000);
        Assert.InRange(Data(answer, "changes", "roundTripMilliseconds").GetDouble(), 0, 1_000);
        Assert.InRange(Data(answer, "clock", "skewMilliseconds").GetDouble(), -500, 500);
    }

    [Theory]
    [InlineData(null, "Degraded", 200)]
    [InlineData("redis, archive", "Unhealthy", 503)]
    public async Task Archive_LostAndBack_ShowsInReadyAndInDependenciesAndNowhereElse(
        string? unreadyOn, string said, int status)
    {
        var archive = new AwayArchive { AnswersPings = true };
        await using var host = await TestHost.StartAsync(
            new() { ["Gatehouse:Health:Period"] = "00:00:00.100", ["Gatehouse:Health:UnreadyOn"] = unreadyOn },
            builder => builder.Services.AddSingleton<IAuditArchive>(archive));
        await ExpectReadyAsync(host, 200, "Healthy");

        archive.AnswersPings = false;
        await ExpectReadyAsync(host, status, said);
        var dependencies = await host.SendAsync(HttpMethod.Get, "/health/dependencies", TestHost.AdminKey);
        Assert.Equal((503, "Unhealthy"), (dependencies.Status, dependencies.Json.GetProperty("status").GetString()));
        Assert.Equal("archive_unavailable", Data(dependencies, "archive", "reason").GetString());
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/live", null)).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/startup", null)).Status);

        archive.AnswersPings = true;
        await ExpectReadyAsync(host, 200, "Healthy");
    }

    [Fact]
    public async Task Host_ThatStops_IsUnreadyAndAlive()
    {
        await using var host = await TestHost.StartAsync();
        await ExpectReadyAsync(host, 200, "Healthy");

        host.App.Lifetime.StopApplication();

        Assert.Equal((503, "Unhealthy"), await ReadyAsync(host));
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/live", null)).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/startup", null)).Status);
    }

    private static async Task<(int Status, string Text)> ReadyAsync(TestHost host)
    {
        var answer = await host.SendAsync(HttpMethod.Get, "/health/ready", null);
        return (answer.Status, answer.Text);
    }

    private static async Task ExpectReadyAsync(TestHost host, int status, string text)
    {
        using var end = new CancellationTokenSource(SeenWithin);
        while (await ReadyAsync(host) != (status, text))
        {
            await Task.Delay(50, end.Token);
        }
    }

    private static JsonElement Data(Answer answer, string entry, string name) =>
        answer.Json.GetProperty("entries").GetProperty(entry).GetProperty("data").GetProperty(name);
}
