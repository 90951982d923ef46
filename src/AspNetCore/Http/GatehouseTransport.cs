using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Polly.Timeout;

namespace Gatehouse.AspNetCore.Http;

/// <summary>Sends calls as the tenant of the settings, and turns whatever goes wrong into one exception.</summary>
internal sealed class GatehouseTransport(
    IHttpClientFactory clients, IOptionsMonitor<GatehouseOptions> options, TimeProvider time)
{
    /// <summary>The name of the HTTP client.</summary>
    public const string ClientName = "Gatehouse";

    /// <summary>Posts a body to a path of the tenant.</summary>
    /// <exception cref="GatehouseUnavailableException">There is no answer.</exception>
    public Task<Reply> PostAsync<T>(
        CallKind kind, string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation,
        TimeSpan wait = default) =>
        PostAsync(kind, path, JsonSerializer.SerializeToUtf8Bytes(body, type), cancellation, wait);

    /// <summary>Posts JSON to a path of the tenant.</summary>
    /// <exception cref="GatehouseUnavailableException">There is no answer.</exception>
    public async Task<Reply> PostAsync(
        CallKind kind, string path, ReadOnlyMemory<byte> json, CancellationToken cancellation,
        TimeSpan wait = default)
    {
        Call? call = null;
        try
        {
            var settings = options.CurrentValue;
            call = new Call(Limits(settings, kind), wait, time);
            using var request = Request(settings, path, json, wait);
            call.TravelWith(request);
            using var client = clients.CreateClient(ClientName);
            using var response = await client.SendAsync(request, cancellation);
            return await Reply.ReadAsync(response, call, time);
        }
        catch (Exception failure) when (IsNoAnswer(failure, cancellation))
        {
            throw new GatehouseUnavailableException($"Gatehouse did not answer: {failure.Message}", failure)
            {
                MaybeApplied = call?.MaybeApplied is true,
            };
        }
    }

    private static bool IsNoAnswer(Exception failure, CancellationToken cancellation) =>
        failure is HttpRequestException or TimeoutRejectedException or IOException
        // A setting that was changed to one that breaks a rule: nothing can be sent until that is put right.
        || failure is OptionsValidationException
        || (failure is OperationCanceledException && !cancellation.IsCancellationRequested);

    private static CallLimits Limits(GatehouseOptions settings, CallKind kind) => kind switch
    {
        CallKind.Check => settings.Check,
        CallKind.Append => settings.Append,
        CallKind.Begin => settings.Begin,
        CallKind.Step => settings.Step,
        _ => throw new UnreachableException($"Kind {kind}"),
    };

    private static HttpRequestMessage Request(
        GatehouseOptions settings, string path, ReadOnlyMemory<byte> json, TimeSpan wait)
    {
        var address = $"{settings.Url.AbsoluteUri.TrimEnd('/')}/v1/tenants/{settings.Tenant}/{path}";
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ReadOnlyMemoryContent(json)
            {
                Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) },
            },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", settings.ApiKey);
        if (wait > TimeSpan.Zero)
        {
            request.Headers.Add("Prefer", FormattableString.Invariant($"wait={(long)Math.Ceiling(wait.TotalSeconds)}"));
        }

        return request;
    }
}
