using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>Where claims cannot be reached, an owner is slow, or the effect goes wrong.</summary>
public class IdempotencyFaultTests
{
    private readonly Effect _effect = new();
    private Exception? _failure;
    private bool _hadNoEffect;

    [Fact]
    public async Task BeforeTheClaim_Is429_AndNothingRuns()
    {
        await using var service = await StartAsync();
        service.Claims.Away.Add("begin");

        var refused = await service.PostAsync("/pay");

        Assert.Equal((429, "service_overloaded", "7"), (refused.Status, refused.Code, refused.Headers["Retry-After"]));
        Assert.Equal(("no", 0), (refused.Json.GetProperty("applied").GetString(), _effect.Count));
        Assert.Equal(
            ("service_overloaded", "Service temporarily overloaded, please retry"),
            (refused.Json.GetProperty("error").GetString(), refused.Json.GetProperty("message").GetString()));
        Assert.InRange(refused.Json.GetProperty("retryAfterMs").GetInt64(), 7_000, 8_400);
        Assert.Equal("no-store", refused.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task BeforeTheClaim_WhereTheServiceMayNotCallGatehouse_NothingRunsEither()
    {
        await using var service = await StartAsync();
        service.Claims.Away.Add("begin");
        service.Claims.Failure = new GatehouseRefusedException("missing_scope");

        var refused = await service.PostAsync("/pay");

        Assert.Equal((429, "service_overloaded", 0), (refused.Status, refused.Code, _effect.Count));
        Assert.DoesNotContain("missing_scope", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AtCompletion_TheCallerGetsTheRealAnswer_AndTheRecordIsMadeUpFor()
    {
        await using var service = await StartAsync();
        service.Claims.Away.Add("complete");

        var first = await service.PostAsync("/pay");
        service.Claims.Away.Clear();
        service.Time.Advance(TimeSpan.FromSeconds(1));
        await DriveUntilAsync(service, ClaimState.Completed);
        var again = await service.PostAsync("/pay");

        Assert.Equal((200, "1", "unrecorded"), (first.Status, first.Text, first.Headers["Idempotency-Status"]));
        Assert.Equal((200, "1", "true", 1), (again.Status, again.Text, again.Headers["Idempotent-Replayed"], _effect.Count));
    }

    [Fact]
    public async Task AtCompletion_UntilTheServiceStops_TheRecordIsMadeThen()
    {
        MemoryClaims claims;
        await using (var service = await StartAsync())
        {
            claims = service.Claims;
            claims.Away.Add("complete");
            await service.PostAsync("/pay");
            claims.Away.Clear();
        }

        await claims.UntilAsync(records => records.Values.Single().State is ClaimState.Completed);
    }

    [Fact]
    public async Task AfterTheClaim_WithoutEffect_TheKeyIsGivenBack_ThoughNotAtOnce()
    {
        await using var service = await StartAsync();
        (_failure, _hadNoEffect) = (new InvalidOperationException("not started"), true);
        service.Claims.Away.Add("release");

        Assert.Equal(500, (await service.PostAsync("/pay")).Status);
        _failure = null;
        service.Claims.Away.Clear();
        await DriveUntilAsync(service, ClaimState.None);

        Assert.Equal(200, (await service.PostAsync("/pay")).Status);
    }

    [Fact]
    public async Task AnEffectThatFails_IsHeld_AndNotStartedAgain()
    {
        await using var service = await StartAsync();
        _failure = new InvalidOperationException("in the middle");

        var first = await service.PostAsync("/pay");
        var again = await service.PostAsync("/pay");

        Assert.Equal((500, 409, "idempotency_outcome_unknown"), (first.Status, again.Status, again.Code));
        Assert.Equal(1, _effect.Count);
    }

    [Fact]
    public async Task AnEffectThatFails_AndIsSafeToStartAgain_Is()
    {
        await using var service = await StartAsync();
        _failure = new InvalidOperationException("in the middle");
        await service.PostAsync("/report");
        _failure = null;

        var again = await service.PostAsync("/report");

        Assert.Equal((200, "2"), (again.Status, again.Text));
    }

    [Fact]
    public async Task ABodyThatCannotBeRead_GivesTheKeyBack_WhereTheFrameworkSaysSo()
    {
        await using var service = await StartAsync();

        var broken = await service.PostAsync("/json", "{");
        var good = await service.PostAsync("/json", "{}");

        Assert.Equal((400, 200), (broken.Status, good.Status));
    }

    [Fact]
    public async Task ACallerThatLeaves_IsAnsweredWhenItComesBack()
    {
        await using var service = await StartAsync();
        var gate = _effect.Hold();
        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/pay") { Content = new StringContent("x") };
        request.Headers.Add("Idempotency-Key", "k");
        var first = service.Client.SendAsync(request, leaving.Token);
        await _effect.Begun;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        await service.Claims.UntilAsync(records => records.Values.Single().State is ClaimState.Completed);

        var again = await service.SendAsync("/pay", new StringContent("x"));

        Assert.Equal((200, "1", 1), (again.Status, again.Text, _effect.Count));
    }

    [Fact]
    public async Task AClaim_IsRenewedWhileItsRequestRuns()
    {
        await using var service = await StartAsync();
        var gate = _effect.Hold();
        var first = service.PostAsync("/pay");
        await _effect.Begun;

        for (var renewals = 1; renewals <= 6; renewals++)
        {
            service.Time.Advance(TimeSpan.FromSeconds(20));
            await service.Claims.UntilAsync(_ => service.Claims.Calls.Count(name => name == "renew") >= renewals);
        }

        Assert.Equal("idempotency_in_progress", (await service.PostAsync("/pay")).Code);
        gate.SetResult();
        Assert.Equal((200, false), ((await first).Status, (await first).Headers.ContainsKey("Idempotency-Status")));
    }

    [Fact]
    public async Task ARenewalThatFailsBehindItsRequest_HarmsNobody()
    {
        await using var service = await StartAsync();
        service.Claims.RenewalsFailLate = true;
        var gate = _effect.Hold();
        var first = service.PostAsync("/pay");
        await _effect.Begun;
        service.Time.Advance(TimeSpan.FromSeconds(20));
        await service.Claims.UntilAsync(_ => service.Claims.Calls.Contains("renew"));

        gate.SetResult();

        Assert.Equal((200, "1"), ((await first).Status, (await first).Text));
        Assert.Equal("1", (await service.PostAsync("/pay")).Text);
    }

    [Fact]
    public async Task ARefusalWithoutAWord_MayFollowAnEffect_AndIsKept()
    {
        await using var service = await StartAsync();

        var first = await service.PostAsync("/silent");
        var again = await service.PostAsync("/silent");

        Assert.Equal((400, 400, "true"), (first.Status, again.Status, again.Headers["Idempotent-Replayed"]));
        Assert.Equal(1, _effect.Count);
    }

    [Fact]
    public async Task AnOwnerThatWasPaused_IsNotRecordedOverTheOneThatTookItsPlace()
    {
        await using var service = await StartAsync();
        var gate = _effect.Hold();
        // It does not renew its claim, as a paused process does not.
        service.Claims.Away.Add("renew");
        var paused = service.PostAsync("/report");
        await _effect.Begun;
        _effect.Gate = null;
        service.Time.Advance(TimeSpan.FromSeconds(61));

        var second = await service.PostAsync("/report");
        gate.SetResult();
        var late = await paused;

        Assert.Equal((200, "2"), (second.Status, second.Text));
        Assert.Equal((200, "1", "unrecorded"), (late.Status, late.Text, late.Headers["Idempotency-Status"]));
        Assert.Equal("2", (await service.PostAsync("/report")).Text);
    }

    [Fact]
    public async Task AnEndpoint_KnowsItsClaim()
    {
        await using var service = await StartAsync();

        var answer = await service.PostAsync("/claim", "{}", "k", ("X-User", "ann"));
        var key = await service.PostAsync("/key-to-hand-on", "{}", "k", ("X-User", "ann"));
        var others = await service.PostAsync("/key-to-hand-on", "{}", "k", ("X-User", "bob"));

        Assert.Equal("ann|POST /claim|k|1", answer.Text);
        Assert.Equal(64, key.Text.Length);
        Assert.NotEqual(key.Text, others.Text);
    }

    private static async Task DriveUntilAsync(IdempotentService service, ClaimState state)
    {
        var reached = service.Claims.UntilAsync(records => records.Values.Single().State == state);
        while (!reached.IsCompleted)
        {
            service.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await reached;
    }

    private Task<IdempotentService> StartAsync() => IdempotentService.StartAsync(app =>
    {
        app.MapPost("/pay", (Delegate)PayAsync).WithIdempotency();
        app.MapPost("/report", (Delegate)PayAsync).WithIdempotency(terms => terms.Abandoned = AbandonedClaim.Retry);
        app.MapPost("/silent", async () =>
        {
            await _effect.RunAsync();
            return TypedResults.BadRequest();
        }).WithIdempotency();
        app.MapPost("/json", ([FromBody] Dictionary<string, string> body) => body.Count).WithIdempotency();
        app.MapPost("/key-to-hand-on", (HttpContext context) =>
            context.Features.Get<IIdempotentRequest>()!.KeyToHandOn).WithIdempotency();
        app.MapPost("/claim", (HttpContext context) =>
        {
            var running = context.Features.Get<IIdempotentRequest>()!;
            return $"{running.Key.Scope}|{running.Key.Endpoint}|{running.Key.Key}|{running.Epoch}";
        }).WithIdempotency();
    });

    private async Task<string> PayAsync(HttpContext context)
    {
        var count = await _effect.RunAsync();
        if (_hadNoEffect)
        {
            context.Features.Get<IIdempotentRequest>()!.HadNoEffect();
            _hadNoEffect = false;
        }

        return _failure is null ? $"{count}" : throw _failure;
    }
}
