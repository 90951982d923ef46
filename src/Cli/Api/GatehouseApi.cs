using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Api;

/// <summary>The HTTP API, as docs/http-api.md has it.</summary>
internal sealed class GatehouseApi : IDisposable
{
    private readonly HttpClient _client;
    private readonly TimeSpan _timeout;

    public GatehouseApi(Uri url, string? key, TimeSpan timeout)
    {
        // A redirect would take the credential to wherever it leads.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = timeout };
        _client = new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        _timeout = timeout;
    }

    public Uri Url => _client.BaseAddress!;

    /// <summary>The path of something of a tenant.</summary>
    public static string Of(string tenant, params IEnumerable<string> segments) =>
        string.Join('/', segments.Prepend(tenant).Select(Uri.EscapeDataString).Prepend("v1/tenants"));

    /// <summary>Asks; throws where the server refuses.</summary>
    public async Task<Answer> GetAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
        return answer.IsSuccess ? answer : throw Refusal.Of(answer);
    }

    /// <summary>All items of a list, over all its pages.</summary>
    public async Task<JsonArray> ListAsync(string path, CancellationToken cancellationToken)
    {
        var all = new JsonArray();
        string? cursor = null;
        do
        {
            var page = await GetAsync(
                cursor is null ? $"{path}?limit=1000" : $"{path}?limit=1000&cursor={Uri.EscapeDataString(cursor)}",
                cancellationToken);
            foreach (var item in page.Json.Items("items"))
            {
                all.Add(item?.DeepClone());
            }

            cursor = page.Json.Text("next");
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>Changes something, once however often it is sent with that key; throws where it is refused.</summary>
    public async Task<Answer> ChangeAsync(
        HttpMethod method, string path, JsonObject? body, string idempotencyKey, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(method, path, body, idempotencyKey, cancellationToken);
        return answer.IsSuccess ? answer : throw Refusal.Of(answer, idempotencyKey);
    }

    /// <summary>Sends one request; answers whatever the server answered.</summary>
    public async Task<Answer> SendAsync(
        HttpMethod method, string path, JsonObject? body, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        return await WithinTimeAsync(async within =>
        {
            using var response = await _client.SendAsync(request, within);
            return await Answer.ReadAsync(response, within);
        }, idempotencyKey, cancellationToken);
    }

    /// <summary>Begins an answer that is read as it comes. Only its beginning has to come in time.</summary>
    public Task<HttpResponseMessage> OpenAsync(
        string path, IEnumerable<(string Name, string Value)> headers, CancellationToken cancellationToken) =>
        WithinTimeAsync(async within =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            foreach (var (name, value) in headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, within);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                throw Refusal.Of(await Answer.ReadAsync(response, within));
            }
        }, null, cancellationToken);

    public void Dispose() => _client.Dispose();

    private async Task<T> WithinTimeAsync<T>(
        Func<CancellationToken, Task<T>> call, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(_timeout);
        try
        {
            return await call(late.Token);
        }
        catch (Exception failure) when (
            failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var why = failure is OperationCanceledException
                ? $"no answer within {_timeout.TotalSeconds:0.###} s"
                : (failure.InnerException ?? failure).Message;
            // A connection that never came about has done nothing.
            var isUnknown = idempotencyKey is not null
                && failure is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };
            throw CommandFailure.Unreachable(
                $"{Url} cannot be reached: {why}{(isUnknown ? Refusal.Unknown(idempotencyKey!) : "")}");
        }
    }
}
