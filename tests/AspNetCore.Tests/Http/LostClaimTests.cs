using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>Claims of requests that never learned of them: found again, or given back, so that they hold no key.</summary>
public class LostClaimTests
{
    private const string Started = """{"state":"started","epoch":3}""";

    private static readonly ClaimKey Key = new(null, "POST /orders", "k1");
    private static readonly ClaimRequest Request = new() { Path = "/orders", Fingerprint = "f" };

    private readonly FakeGatehouse _gatehouse = new();
    private readonly TestTime _time = new();

    [Fact]
    public async Task Begin_WhoseAnswerWasLost_IsSentAgainByTheSameOwner()
    {
        _gatehouse.ThenLost().Then(200, Started);
        await using var service = TestService.With(_gatehouse, _time);

        var begin = service.Claims.BeginAsync(Key, Request, TestContext.Current.CancellationToken);
        await _time.PassAsync(0.2);

        Assert.Equal((ClaimState.Started, 3), ((await begin).State, (await begin).Epoch));
        var owners = _gatehouse.Requests.Select(request => request.Json.GetProperty("owner").GetString()).ToList();
        Assert.Equal(2, owners.Count);
        Assert.Equal(owners[0], owners[1]);
    }

    [Fact]
    public async Task Begin_OfACallerWhoIsGone_IsGivenBack_OnceItIsAnswered()
    {
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        _gatehouse.Then(_ => answer.Task).Then(200, """{"state":"released"}""");
        await using var service = TestService.With(_gatehouse, _time);
        using var gone = new CancellationTokenSource();

        var begin = service.Claims.BeginAsync(Key, Request, gone.Token);
        var begun = await _gatehouse.ArrivedAsync();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begin);
        answer.SetResult(FakeGatehouse.Json(200, Started));

        var release = await _gatehouse.ArrivedAsync();
        Assert.Equal("/v1/tenants/acme/idempotency/release", release.Path);
        Assert.Equal(Owner(begun), Owner(release));
        Assert.False(release.Json.TryGetProperty("epoch", out _));
    }

    [Fact]
    public async Task Begin_OfACallerWhoIsGone_WhoseKeyIsAnothers_GivesNothingBack()
    {
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        _gatehouse.Then(_ => answer.Task).Then(200, Started);
        await using var service = TestService.With(_gatehouse, _time);
        using var gone = new CancellationTokenSource();

        var begin = service.Claims.BeginAsync(Key, Request, gone.Token);
        await _gatehouse.ArrivedAsync();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begin);
        answer.SetResult(FakeGatehouse.Json(409, """{"code":"idempotency_in_progress"}"""));
        await service.Claims.BeginAsync(Key, Request, TestContext.Current.CancellationToken);

        Assert.All(_gatehouse.Requests, request => Assert.EndsWith("/begin", request.Path, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unknown", true)]
    [InlineData("no", false)]
    public async Task Begin_ThatFailed_IsGivenBack_UnlessNothingWasBegun(string applied, bool isGivenBack)
    {
        _gatehouse.ThenOverloaded(retryAfter: 60, applied).Then(200, Started);
        await using var service = TestService.With(_gatehouse, _time);

        await Assert.ThrowsAsync<GatehouseUnavailableException>(
            () => service.Claims.BeginAsync(Key, Request, TestContext.Current.CancellationToken));
        await _gatehouse.ArrivedAsync();
        await service.Claims.RenewAsync(Key, 1, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Equal(isGivenBack, _gatehouse.Requests.Any(r => r.Path.EndsWith("/release", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Claim_ThatCannotBeGivenBack_IsSaidAndCounted()
    {
        _gatehouse.ThenOverloaded(retryAfter: 60, applied: "unknown");
        await using var service = TestService.With(_gatehouse, _time);

        await Assert.ThrowsAsync<GatehouseUnavailableException>(
            () => service.Claims.BeginAsync(Key, Request, TestContext.Current.CancellationToken));
        await service.Log.WrittenAsync(6040);

        Assert.Equal((2, 1), (_gatehouse.Requests.Count, service.Metrics["gatehouse.idempotency.lost_claims"]));
    }

    [Fact]
    public async Task Begin_ThatWaits_HasTheTimeForIt_AndSaysSo()
    {
        _gatehouse.ThenNothing().Then(200, Started);
        await using var service = TestService.With(_gatehouse, _time);

        var begin = service.Claims.BeginAsync(
            Key, Request with { Wait = TimeSpan.FromSeconds(45) }, TestContext.Current.CancellationToken);
        var request = await _gatehouse.ArrivedAsync();
        _time.Advance(TimeSpan.FromSeconds(32.9));

        Assert.Equal("wait=30", request.Headers["Prefer"]);
        Assert.False(begin.IsCompleted || request.Cancellation.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(request.Cancellation.IsCancellationRequested);
        await _time.PassAsync(0.2);
        Assert.Equal(ClaimState.Started, (await begin).State);
    }

    private static string? Owner(FakeRequest request) => request.Json.GetProperty("owner").GetString();
}
