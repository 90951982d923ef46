using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>The client and a Gatehouse that fails: what is repeated, how long for, and how it ends.</summary>
public class GatehouseClientTests
{
    private const string Admitted = """
        {"allowed":true,"reason":"within_limit","limit":10,"effectiveLimit":5,"remaining":4,"resetAfterMs":6000,
        "retryAfterMs":0,"cold":true,"degraded":true,"policy":"login","added":"later"}
        """;

    private const string Receipts = """
        {"items":[{"seq":7,"id":"i","hash":"h","prevHash":"p","recordedAt":"2026-01-31T12:00:00.000Z","treeSize":8,
        "root":"r"}]}
        """;

    private static readonly AuditEvent Event = new()
    {
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Outcome = AuditOutcome.Success,
    };

    private readonly FakeGatehouse _gatehouse = new();
    private readonly TestTime _time = new();

    [Fact]
    public async Task Check_Admitted_SaysAllOfIt()
    {
        _gatehouse.Then(_ =>
        {
            var answer = FakeGatehouse.Json(200, Admitted);
            answer.Headers.Add("RateLimit", "\"login\";r=4;t=2");
            answer.Headers.Add("RateLimit-Policy", "\"login\";q=5;w=60");
            return answer;
        });
        await using var service = TestService.With(_gatehouse, _time);

        var answer = await service.Client.CheckAsync("log in", IPAddress.Parse("fe80::1%3"), cost: 2);

        var request = Assert.Single(_gatehouse.Requests);
        Assert.Equal("/v1/tenants/acme/rate-limits/log%20in/check", request.Path);
        Assert.Equal("""{"ip":"fe80::1","cost":2}""", request.Body);
        Assert.Equal($"Bearer {TestService.Key}", request.Headers["Authorization"]);
        Assert.Equal((true, "within_limit", 10, 5, 4), (
            answer.Allowed, answer.Reason, answer.Limit, answer.EffectiveLimit, answer.Remaining));
        Assert.Equal((TimeSpan.FromSeconds(6), TimeSpan.Zero, true, true, "login", null), (
            answer.ResetAfter, answer.RetryAfter, answer.Cold, answer.Degraded, answer.Policy, answer.Code));
        Assert.Equal(("\"login\";r=4;t=2", "\"login\";q=5;w=60"), (answer.RateLimitHeader, answer.RateLimitPolicyHeader));
    }

    [Theory]
    [InlineData("rate_limited", "1500")]
    [InlineData("cost_exceeds_limit", "null")]
    [InlineData("deny_listed", "null")]
    public async Task Check_Refused_IsAnAnswer_AndNotRepeated(string code, string retryAfterMs)
    {
        _gatehouse.Then(429, Admitted
            .Replace("\"allowed\":true", $"\"code\":\"{code}\",\"allowed\":false", StringComparison.Ordinal)
            .Replace("\"retryAfterMs\":0", $"\"retryAfterMs\":{retryAfterMs}", StringComparison.Ordinal), retryAfter: 2);
        await using var service = TestService.With(_gatehouse, _time, options => options.Check.AttemptsMax = 5);

        var answer = await service.Client.CheckAsync("login", "user-7");

        Assert.Single(_gatehouse.Requests);
        Assert.Equal((false, code), (answer.Allowed, answer.Code));
        Assert.Equal(retryAfterMs == "null" ? null : TimeSpan.FromMilliseconds(1500), answer.RetryAfter);
    }

    [Fact]
    public async Task Check_WithoutADecision_EndsAtOnce()
    {
        _gatehouse.ThenOverloaded(retryAfter: 7).Then(429, """{"code":"door_limited"}""", 1).Then(503, "").ThenLost()
            .Then(_ =>
            {
                var answer = FakeGatehouse.Json(503, "");
                answer.Headers.RetryAfter = new RetryConditionHeaderValue(_time.GetUtcNow().AddSeconds(9));
                return answer;
            });
        await using var service = TestService.With(_gatehouse, _time);

        Assert.Equal((TimeSpan.FromSeconds(7), false), await FailAsync());
        Assert.Equal((TimeSpan.FromSeconds(1), false), await FailAsync());
        Assert.Equal((TimeSpan.FromSeconds(5), true), await FailAsync());
        Assert.Equal((TimeSpan.FromSeconds(5), true), await FailAsync());
        Assert.Equal((TimeSpan.FromSeconds(9), true), await FailAsync());
        Assert.Equal(5, _gatehouse.Requests.Count);

        async Task<(TimeSpan, bool)> FailAsync()
        {
            var failure = await Assert.ThrowsAsync<GatehouseUnavailableException>(
                () => service.Client.CheckAsync("login", "user-7"));
            return (failure.RetryAfter, failure.MaybeApplied);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check_ThatTakesTooLong_EndsAfterASecond(bool isBodySlow)
    {
        _ = isBodySlow
            ? _gatehouse.Then(_ => new HttpResponseMessage { Content = new StreamContent(new EndlessStream()) })
            : _gatehouse.ThenNothing();
        await using var service = TestService.With(_gatehouse, _time);

        var check = service.Client.CheckAsync("login", "user-7");
        await _gatehouse.ArrivedAsync();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(check.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True((await Assert.ThrowsAsync<GatehouseUnavailableException>(() => check)).MaybeApplied);
    }

    [Fact]
    public async Task Check_OfACallerWhoIsGone_IsCancelled()
    {
        _gatehouse.ThenNothing();
        await using var service = TestService.With(_gatehouse, _time);
        using var gone = new CancellationTokenSource();

        var check = service.Client.CheckAsync("login", "user-7", cancellation: gone.Token);
        await _gatehouse.ArrivedAsync();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
    }

    [Fact]
    public async Task Append_WhileGatehouseIsOverloaded_WaitsAsLongAsItAsks_AndSendsTheSame()
    {
        _gatehouse.ThenOverloaded(retryAfter: 5, applied: "unknown").Then(201, Receipts);
        await using var service = TestService.With(_gatehouse, _time);

        var append = service.Client.AppendAsync([Event]);
        await _time.PassAsync(5);

        Assert.Equal(7, Assert.Single(await append).Seq);
        var sent = _gatehouse.Requests.Select(request => request.Body).ToList();
        Assert.Equal(2, sent.Count);
        Assert.Equal(sent[0], sent[1]);
        Assert.NotEmpty(_gatehouse.Requests[0].Json.GetProperty("events")[0].GetProperty("id").GetString()!);
    }

    [Fact]
    public async Task Append_ThatIsAskedToWaitTooLong_GivesUpAtOnce_AndPassesItOn()
    {
        _gatehouse.ThenOverloaded(retryAfter: 40);
        await using var service = TestService.With(_gatehouse, _time);

        var failure = await Assert.ThrowsAsync<GatehouseUnavailableException>(() => service.Client.AppendAsync([Event]));

        Assert.Equal(TimeSpan.FromSeconds(40), failure.RetryAfter);
        Assert.Single(_gatehouse.Requests);
    }

    [Fact]
    public async Task Append_ThatFailsEachTime_IsTriedAsOftenAsTheSettingsSay()
    {
        _gatehouse.ThenLost();
        await using var service = TestService.With(_gatehouse, _time);

        var append = service.Client.AppendAsync([Event]);
        await _time.PassAsync(0.2);
        await _time.PassAsync(0.4);

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => append);
        Assert.Equal(3, _gatehouse.Requests.Count);
    }

    [Fact]
    public async Task Append_OverAllAttempts_EndsInTheTotalTime()
    {
        _gatehouse.ThenNothing();
        await using var service = TestService.With(
            _gatehouse, _time, options => options.Append.TotalTimeout = TimeSpan.FromSeconds(12));

        var append = service.Client.AppendAsync([Event]);
        await _gatehouse.ArrivedAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await _time.PassAsync(0.2);
        await _gatehouse.ArrivedAsync();
        _time.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => append);
        Assert.Equal(2, _gatehouse.Requests.Count);
    }

    [Theory]
    [InlineData(400, "invalid_request")]
    [InlineData(401, "unauthenticated")]
    [InlineData(403, "missing_scope")]
    [InlineData(404, "tenant_not_found")]
    [InlineData(409, "event_id_reused")]
    public async Task Refusal_SaysWhatIsWrong_AndIsNotRepeated(int status, string code)
    {
        _gatehouse.Then(status, $$"""
            {"code":"{{code}}","detail":"It is wrong.","errors":[{"field":"events[0].action","rule":"is required"}]}
            """);
        await using var service = TestService.With(_gatehouse, _time);

        var refusal = await Assert.ThrowsAsync<GatehouseRefusedException>(() => service.Client.AppendAsync([Event]));

        Assert.Single(_gatehouse.Requests);
        Assert.Equal((status, code, "It is wrong.", "events[0].action"), (
            refusal.Status, refusal.Code, refusal.Detail, refusal.Field));
        Assert.Equal($"Gatehouse answered {status} {code}: It is wrong.", refusal.Message);
    }

    [Fact]
    public async Task Answer_OfSomebodyElse_IsNoAnswer()
    {
        _gatehouse.Then(200, "<html>").Then(200, """{"items":[]}""").Then(301, "<html>");
        await using var service = TestService.With(_gatehouse, _time);

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => service.Client.AppendAsync([Event]));
        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => service.Client.AppendAsync([Event]));
        var moved = await Assert.ThrowsAsync<GatehouseRefusedException>(() => service.Client.AppendAsync([Event]));

        Assert.Equal((301, null), (moved.Status, moved.Code));
    }

    [Fact]
    public async Task Connection_ThatIsRefused_SaysThatNothingWasDone()
    {
        // Bound and not listening: nobody else gets the port, and nobody answers.
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var service = new TestService(options =>
        {
            (options.Tenant, options.ApiKey) = ("acme", TestService.Key);
            options.Url = new Uri($"http://127.0.0.1:{((IPEndPoint)closed.LocalEndPoint!).Port}");
            options.Check.AttemptTimeout = options.Check.TotalTimeout = TimeSpan.FromSeconds(30);
        });

        var failure = await Assert.ThrowsAsync<GatehouseUnavailableException>(
            () => service.Client.CheckAsync("login", "user-7"));

        Assert.False(failure.MaybeApplied);
    }

    [Fact]
    public async Task Key_IsInNoLogAndNoException()
    {
        _gatehouse.ThenLost().ThenOverloaded(90).Then(401, """{"code":"unauthenticated","detail":"No."}""")
            .Then(200, "<html>").Then(200, Admitted);
        await using var service = TestService.With(_gatehouse, _time);

        var failures = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            failures.Add((await Record.ExceptionAsync(() => service.Client.CheckAsync("login", "user-7")))!.ToString());
        }

        await service.Client.CheckAsync("login", "user-7");

        Assert.All(_gatehouse.Requests, request => Assert.Contains(TestService.Key, request.Headers["Authorization"]));
        Assert.DoesNotContain(
            failures.Concat(service.Log.Lines.Select(line => line.Text)),
            text => text.Contains("a-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_InAServiceThatRepeatsAllItsCalls_IsNotRepeated()
    {
        _gatehouse.ThenLost();
        await using var service = TestService.With(_gatehouse, more: services =>
        {
            services.ConfigureHttpClientDefaults(client => client.AddStandardResilienceHandler());
            services.AddGatehouse(_ => { });
        });

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => service.Client.CheckAsync("login", "user-7"));

        Assert.Single(_gatehouse.Requests);
    }

    /// <summary>A body whose end never comes.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return 0;
        }

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
