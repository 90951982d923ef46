using System.Collections.Concurrent;
using System.Text;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>
/// Changes of Gatehouse itself, each with a key, while its host and its Redis are killed: what must not be done twice
/// is done once at most, and what was answered is there.
/// </summary>
public sealed class OwnRequestsCrashTests : IAsyncDisposable
{
    private const int Workers = 6;
    private const int KeysEach = 12;

    private readonly TempFolder _folder = new();
    private readonly ConcurrentBag<string> _issued = [];
    private int _answers;
    private volatile bool _isLastKilled;

    [Fact]
    public async Task ApiKeys_IssuedWhileHostAndRedisAreKilled_AreIssuedOnceAtMost()
    {
        await using var redis = await RedisServer.StartAsync();
        var settings = new Dictionary<string, string>(redis.Settings)
        {
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
        };
        var host = await GatehouseProcess.StartAsync(_folder.Path, settings);
        try
        {
            for (var worker = 0; worker < Workers; worker++)
            {
                await host.PutTenantAsync($"t{worker}");
            }

            var current = host;
            var working = Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(worker, () => current)));
            for (var kill = 0; kill < 3; kill++)
            {
                var before = Volatile.Read(ref _answers);
                await Eventually.HoldsAsync(
                    () => Task.FromResult(working.IsCompleted || Volatile.Read(ref _answers) > before + 8),
                    TimeSpan.FromSeconds(60));
                await host.KillAsync();
                await redis.RestartAsync();
                await host.DisposeAsync();
                current = host = await GatehouseProcess.StartAsync(_folder.Path, settings);
            }

            _isLastKilled = true;
            await working.WaitAsync(TimeSpan.FromMinutes(2));
            await AssertSoundAsync(host);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Each key until somebody says what became of it.</summary>
    private async Task WorkAsync(int worker, Func<GatehouseProcess> host)
    {
        for (var i = 0; i < KeysEach; i++)
        {
            await Eventually.HoldsAsync(() => TryAsync(worker, i, host()), TimeSpan.FromMinutes(2));
        }
    }

    private async Task<bool> TryAsync(int worker, int number, GatehouseProcess host)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/tenants/t{worker}/api-keys")
            {
                Content = new StringContent("""{"scopes":["audit"]}""", Encoding.UTF8, "application/json"),
            };
            request.Headers.Add("Idempotency-Key", $"k{number}");
            var (status, body) = await host.SendAsync(request);
            if (status == 201)
            {
                _issued.Add($"t{worker}/{body.GetProperty("id").GetString()}");
            }

            Interlocked.Increment(ref _answers);
            return status == 201 || (status == 409 && body.GetProperty("code").GetString() switch
            {
                "idempotency_answer_not_kept" or "idempotency_outcome_unknown" => true,
                // Its owner is dead, and nobody is told to start it again until its claim has run out, nor then.
                "idempotency_in_progress" => _isLastKilled,
                _ => false,
            });
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task AssertSoundAsync(GatehouseProcess host)
    {
        for (var worker = 0; worker < Workers; worker++)
        {
            var (_, list) = await host.SendAsync(HttpMethod.Get, $"/v1/tenants/t{worker}/api-keys?limit=1000");
            var ids = list.GetProperty("items").EnumerateArray()
                .Select(key => $"t{worker}/{key.GetProperty("id").GetString()}").ToHashSet();
            Assert.InRange(ids.Count, 0, KeysEach);
            Assert.All(
                _issued.Where(id => id.StartsWith($"t{worker}/", StringComparison.Ordinal)),
                id => Assert.Contains(id, ids));
        }

        Assert.True(_issued.Count > Workers, "Hardly anything was issued: nothing was tested.");
    }
}
