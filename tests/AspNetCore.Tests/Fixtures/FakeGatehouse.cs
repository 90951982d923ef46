using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>Answers as the test says: each call takes the next answer; the last one stays.</summary>
public sealed class FakeGatehouse
{
    private readonly Lock _lock = new();
    private readonly List<FakeRequest> _requests = [];
    private readonly Queue<Func<FakeRequest, Task<HttpResponseMessage>>> _answers = new();
    private readonly Channel<FakeRequest> _arrivals = Channel.CreateUnbounded<FakeRequest>();

    public IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The next request, when it has arrived.</summary>
    public Task<FakeRequest> ArrivedAsync() => _arrivals.NextAsync();

    public FakeGatehouse Then(Func<FakeRequest, Task<HttpResponseMessage>> answer)
    {
        lock (_lock)
        {
            _answers.Enqueue(answer);
        }

        return this;
    }

    /// <summary>Answers so before the last answer, the one that stays.</summary>
    public void Insert(Func<FakeRequest, Task<HttpResponseMessage>> answer)
    {
        lock (_lock)
        {
            var kept = _answers.ToList();
            _answers.Clear();
            kept.Insert(kept.Count - 1, answer);
            kept.ForEach(_answers.Enqueue);
        }
    }

    public FakeGatehouse Then(Func<FakeRequest, HttpResponseMessage> answer) =>
        Then(request => Task.FromResult(answer(request)));

    public FakeGatehouse Then(int status, string json, int? retryAfter = null) =>
        Then(_ => Json(status, json, retryAfter));

    /// <summary>Never answers; ends when whoever waits gives up.</summary>
    public FakeGatehouse ThenNothing() => Then(async request =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, request.Cancellation);
        throw new InvalidOperationException();
    });

    public FakeGatehouse ThenOverloaded(int retryAfter = 5, string applied = "no") =>
        Then(429, $$"""{"code":"service_overloaded","reason":"host_busy","applied":"{{applied}}"}""", retryAfter);

    /// <summary>The answer got lost on its way, or the call did.</summary>
    public FakeGatehouse ThenLost(HttpRequestError error = HttpRequestError.ResponseEnded) =>
        Then(_ => Task.FromException<HttpResponseMessage>(new HttpRequestException(error, "The wire was cut.")));

    public static HttpResponseMessage Json(int status, string json, int? retryAfter = null)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status)
        {
            Content = new StringContent(json, Encoding.UTF8, status < 400 ? "application/json" : "application/problem+json"),
        };
        if (retryAfter is { } seconds)
        {
            response.Headers.Add("Retry-After", FormattableString.Invariant($"{seconds}"));
        }

        return response;
    }

    public HttpMessageHandler NewHandler() => new Wire(this);

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var read = new FakeRequest(
            request.RequestUri!.AbsolutePath,
            await request.Content!.ReadAsStringAsync(cancellationToken),
            request.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value)),
            cancellationToken);
        Func<FakeRequest, Task<HttpResponseMessage>> answer;
        lock (_lock)
        {
            _requests.Add(read);
            answer = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
        }

        _arrivals.Writer.TryWrite(read);
        return await answer(read);
    }

    private sealed class Wire(FakeGatehouse gatehouse) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken) =>
            gatehouse.AnswerAsync(request, cancellationToken);
    }
}

/// <summary>What arrived.</summary>
public sealed record FakeRequest(
    string Path, string Body, IReadOnlyDictionary<string, string> Headers, CancellationToken Cancellation)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}
