using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.ApiHost.Tests.Http;
using Gatehouse.Fuzzing;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>
/// Every operation of the host's own OpenAPI document, with requests as it describes them, almost so, and hostile ones:
/// each answer is one that the document and the guide have.
/// </summary>
[Collection(nameof(NoOtherHost))]
public sealed class RouteFuzzTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Operations = 49;
    private const int SuccessesMin = 40;
    private const int Senders = 4;
    private const int RoundsMin = 5;
    private const int FailuresMax = 20;

    // What an honest host keeps of a request, on average: entries of chains, keys, counters; in memory, because the store
    // is in the process. A body that is kept somewhere is sixteen times that.
    private const long BytesPerRequest = 4096;
    private const long BytesAtRest = 96L * 1024 * 1024;

    private static readonly TimeSpan InSuite = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, int> _successes = new();
    private readonly ConcurrentDictionary<(string, string), (RawRequest Request, Complaint Why, int Seed)> _failures = new();
    private TestHost _host = null!;
    private IReadOnlyList<ApiOperation> _operations = [];
    private AnswerOracle _oracle = null!;
    private KnownValues _known = null!;
    private int _sent;

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(new Dictionary<string, string?>
    {
        ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
        ["Gatehouse:Http:TenantRequestsPerSecond"] = "0",
    });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task EveryOperation_WhateverIsSent_AnswersAsDocumented()
    {
        var document = (await _host.SendAsync(HttpMethod.Get, "/openapi/v1.json", null)).Json;
        _operations = ApiOperation.ReadAll(document);
        Assert.Equal(Operations, _operations.Count);
        _oracle = await Oracles.OfGuideAsync(_operations);
        _known = await KnownValues.PrepareAsync(_host);
        var makers = Makers(document);
        var run = new FuzzRun(InSuite);
        output.WriteLine($"GATEHOUSE_FUZZ_SEED={run.Seed}");

        var (early, sentEarly) = (0L, 0);
        foreach (var seed in run.Seeds(RoundsMin).TakeWhile(_ => _failures.Count < FailuresMax))
        {
            await _known.RestoreAsync(_host);
            await RoundAsync(seed, makers);
            if (early == 0 && run.Elapsed >= run.Time / 3)
            {
                (early, sentEarly) = (GC.GetTotalMemory(forceFullCollection: true), _sent);
            }
        }

        output.WriteLine($"{_sent} requests, {_successes.Count} operations that succeeded");
        output.WriteLine($"no success of: {string.Join(' ', _operations.Select(one => one.Id).Except(_successes.Keys))}");
        await AssertNoFailuresAsync(run.Seed);
        // Else it was told of nothing but missing fields.
        Assert.True(_successes.Count >= SuccessesMin, $"{_successes.Count} operations succeeded.");
        var late = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(late <= early + BytesAtRest + ((_sent - sentEarly) * BytesPerRequest), $"{early} bytes, then {late}");
        Assert.Equal(200, (await _host.SendAsync(HttpMethod.Get, "/health/ready", null)).Status);
    }

    private Func<Random, ApiOperation, RawRequest>[] Makers(JsonElement document)
    {
        var valid = new ValidRequests(document, _known);
        var (nearly, hostile) = (new NearlyValidRequests(valid), new HostileRequests(valid));
        return [valid.Make, nearly.Make, nearly.Make, nearly.Make, hostile.Make, hostile.Make];
    }

    /// <summary>One request of each kind for each operation.</summary>
    private async Task RoundAsync(int seed, Func<Random, ApiOperation, RawRequest>[] makers)
    {
        var random = new Random(seed);
        var waiting = new ConcurrentQueue<RawRequest>(
            _operations.SelectMany(operation => makers.Select(make => make(random, operation))).ToArray());
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            await using var connection = new RawConnection(_host.Client.BaseAddress!.Port);
            while (waiting.TryDequeue(out var request))
            {
                if (await TryAsync(connection, request) is { } complaint)
                {
                    _failures.TryAdd((request.Operation.Id, complaint.Rule), (request, complaint, seed));
                }
            }
        }));
    }

    private async Task<Complaint?> TryAsync(RawConnection connection, RawRequest request)
    {
        Interlocked.Increment(ref _sent);
        try
        {
            var start = TimeProvider.System.GetTimestamp();
            var isReused = connection.IsOpen;
            var answer = await connection.SendAsync(request);
            // A connection can be at its end when the next request is sent: that one is sent again.
            answer ??= isReused ? await connection.SendAsync(request) : null;
            if (TimeProvider.System.GetElapsedTime(start) is { TotalSeconds: > 1 } took)
            {
                output.WriteLine($"{took} for {request.Operation.Id}, {request.What}: {answer?.Status}");
            }

            if (answer is { Status: < 300 } && !request.Strays)
            {
                _successes.AddOrUpdate(request.Operation.Id, 1, static (_, count) => count + 1);
            }

            return _oracle.Judge(request, answer);
        }
        catch (TimeoutException late)
        {
            return new Complaint("answer", late.Message);
        }
    }

    private async Task AssertNoFailuresAsync(int seed)
    {
        var report = new StringBuilder();
        foreach (var (request, complaint, round) in _failures.Values)
        {
            await using var connection = new RawConnection(_host.Client.BaseAddress!.Port);
            var small = await Shrinking.SmallestAsync(
                request, async other => (await TryAsync(connection, other))?.Rule == complaint.Rule);
            var again = await TryAsync(connection, small) ?? complaint;
            report.AppendLine($"{request.Operation.Id}, {request.What}, GATEHOUSE_FUZZ_SEED={round}")
                .AppendLine($"  {Short(again)}").AppendLine($"  {Short(small.ToCurl(_host.Client.BaseAddress!))}");
        }

        Assert.True(report.Length == 0, $"GATEHOUSE_FUZZ_SEED={seed}\n{report}");
    }

    private static string Short(object text) => $"{text}" is { Length: > 3000 } all ? $"{all[..3000]}…" : $"{text}";
}
