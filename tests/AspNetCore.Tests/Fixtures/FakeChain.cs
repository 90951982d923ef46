using System.Text.Json;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>A Gatehouse that records audit events, each id once, all of a call or none, with faults before that.</summary>
public sealed class FakeChain
{
    private readonly List<string> _ids = [];
    private readonly Dictionary<string, JsonElement> _entries = [];
    private HashSet<string> _refused = [];
    private bool _isNamed;

    public FakeChain() => Gatehouse.Then(Record);

    public FakeGatehouse Gatehouse { get; } = new();

    /// <summary>What is recorded, in its order.</summary>
    public IReadOnlyList<string> Ids => _ids;

    public IReadOnlyDictionary<string, JsonElement> Entries => _entries;

    /// <summary>Holds the first call back until the test says so.</summary>
    public TaskCompletionSource Hold()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Gatehouse.Insert(async request =>
        {
            await release.Task.WaitAsync(request.Cancellation);
            return Record(request);
        });
        return release;
    }

    /// <summary>Records, and loses the answer, so many times.</summary>
    public void LoseAnswers(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Gatehouse.Insert(request =>
            {
                Record(request).Dispose();
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The wire was cut.");
            });
        }
    }

    public void Overload(int times, int retryAfter)
    {
        for (var i = 0; i < times; i++)
        {
            Gatehouse.Insert(_ => Task.FromResult(
                FakeGatehouse.Json(429, """{"code":"service_overloaded","applied":"unknown"}""", retryAfter)));
        }
    }

    public void Answer(int status, string body) => Gatehouse.Insert(_ => Task.FromResult(FakeGatehouse.Json(status, body)));

    /// <summary>Refuses events with these ids, and says which it is, or not.</summary>
    public void Refuse(string one, string other, bool isNamed) => (_refused, _isNamed) = ([one, other], isNamed);

    private HttpResponseMessage Record(FakeRequest request)
    {
        var events = request.Json.GetProperty("events").EnumerateArray().ToList();
        var bad = events.FindIndex(audited => _refused.Contains(audited.GetProperty("id").GetString()!));
        if (bad >= 0)
        {
            var field = _isNamed ? $"events[{bad}].action" : "body";
            return FakeGatehouse.Json(
                400, $$"""{"code":"invalid_request","detail":"It is wrong.","errors":[{"field":"{{field}}","rule":"r"}]}""");
        }

        var receipts = new List<string>();
        foreach (var audited in events)
        {
            var id = audited.GetProperty("id").GetString()!;
            if (_entries.TryAdd(id, audited))
            {
                _ids.Add(id);
            }

            receipts.Add($$"""
                {"seq":{{_ids.IndexOf(id)}},"id":"{{id}}","hash":"h","prevHash":"p","recordedAt":"2026-01-31T12:00:00.000Z",
                "treeSize":{{_ids.Count}},"root":"r"}
                """);
        }

        return FakeGatehouse.Json(201, $$"""{"items":[{{string.Join(',', receipts)}}]}""");
    }
}
