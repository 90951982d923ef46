using System.Globalization;
using System.Net.ServerSentEvents;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>A live tail, read event by event with .NET's own reader of server-sent events.</summary>
internal sealed class TailReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    private TailReader(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items) =>
        (_response, _items) = (response, items);

    public HttpResponseMessage Response => _response;

    public static async Task<HttpResponseMessage> SendAsync(
        TestHost host, string tenant, string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, AuditCalls.Path(tenant, $"tail{query}"));
        request.Headers.Authorization = new("Bearer", TestHost.AdminKey);
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static async Task<TailReader> OpenAsync(
        TestHost host, string tenant, string query = "", string? lastEventId = null)
    {
        var response = await SendAsync(host, tenant, query, lastEventId);
        Assert.Equal(200, (int)response.StatusCode);
        var stream = await response.Content.ReadAsStreamAsync();
        return new TailReader(response, SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator());
    }

    /// <summary>The next event: its id, and its data.</summary>
    public async Task<(long Id, string Data)> NextAsync()
    {
        Assert.True(await _items.MoveNextAsync());
        return (long.Parse(_items.Current.EventId!, CultureInfo.InvariantCulture), _items.Current.Data);
    }

    /// <summary>The next so many events.</summary>
    public async Task<List<(long Id, string Data)>> TakeAsync(int count)
    {
        var taken = new List<(long, string)>();
        while (taken.Count < count)
        {
            taken.Add(await NextAsync());
        }

        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await _items.DisposeAsync();
        _response.Dispose();
    }
}
