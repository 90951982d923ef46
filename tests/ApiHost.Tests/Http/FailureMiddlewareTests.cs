using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;
using Orleans.Storage;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>Every overload is a 429 that says why and whether the call may have been applied.</summary>
public class FailureMiddlewareTests(SharedHost shared)
{
    public static TheoryData<Exception, string, string> Overloads { get; } = new()
    {
        { new ServiceOverloadedException("store_unavailable", Applied.No), "store_unavailable", "no" },
        { new ServiceOverloadedException("store_unavailable", Applied.Unknown), "store_unavailable", "unknown" },
        { new LimitExceededException("secret/grain/key"), "grain_queue_full", "no" },
        { new GatewayTooBusyException("x"), "gateway_too_busy", "no" },
        { new SiloUnavailableException("x"), "silo_unavailable", "unknown" },
        { new TimeoutException("x"), "timeout", "unknown" },
        { new OperationCanceledException("Message expired before placement could complete"), "timeout", "unknown" },
        { new InconsistentStateException("x"), "write_conflict", "no" },
        { new ConnectionFailedException("x"), "silo_unavailable", "unknown" },
        { new OrleansException("x"), "cluster_error", "unknown" },
        { new CodecNotFoundException("x"), "cluster_error", "unknown" },
        {
            new OrleansException("x", new ServiceOverloadedException("store_unavailable", Applied.No)),
            "store_unavailable", "no"
        },
    };

    [Theory]
    [MemberData(nameof(Overloads))]
    public async Task Overload_Is429WithReasonAndApplied(Exception failure, string reason, string applied)
    {
        var (context, body) = await RunAsync(failure);

        Assert.Equal(429, context.Response.StatusCode);
        Assert.Equal("5", context.Response.Headers.RetryAfter);
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
        Assert.Equal("service_overloaded", body.GetProperty("error").GetString());
        Assert.Equal("Service temporarily overloaded, please retry", body.GetProperty("message").GetString());
        Assert.Equal((reason, applied), (body.GetProperty("reason").GetString(), body.GetProperty("applied").GetString()));
        Assert.InRange(body.GetProperty("retryAfterMs").GetInt64(), 5000, 6000);
        Assert.DoesNotContain("secret", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unforeseen_Is500WithoutDetail()
    {
        var (context, body) = await RunAsync(new NotSupportedException("secret"));

        Assert.Equal((500, "internal_error"), (context.Response.StatusCode, body.GetProperty("code").GetString()));
        Assert.DoesNotContain("secret", body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/nope", 404, "route_not_found")]
    [InlineData("POST", "/v1/regions", 405, "method_not_allowed")]
    public async Task UnknownRouteOrMethod_IsAProblem(string method, string path, int status, string code)
    {
        var answer = await shared.Host.SendAsync(new HttpMethod(method), path, TestHost.AdminKey);

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("my-id_1.2", true)]
    [InlineData("a b", false)]
    [InlineData("<script>", false)]
    public async Task RequestId_IsEchoedWhenItIsWellFormed(string given, bool isEchoed)
    {
        var answer = await shared.Host.SendAsync(HttpMethod.Get, "/nope", null, null, ("X-Request-Id", given));

        Assert.Equal(isEchoed, answer.Headers["X-Request-Id"] == given);
        Assert.Equal(answer.Headers["X-Request-Id"], answer.Json.GetProperty("requestId").GetString());
    }

    private async Task<(HttpContext Context, JsonElement Body)> RunAsync(Exception failure)
    {
        var middleware = new FailureMiddleware(
            _ => throw failure,
            shared.Host.App.Services.GetRequiredService<HttpMetrics>(), NullLogger<FailureMiddleware>.Instance);
        using var stream = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = shared.Host.App.Services };
        context.Response.Body = stream;
        await middleware.InvokeAsync(context);
        return (context, JsonDocument.Parse(stream.ToArray()).RootElement);
    }
}
