using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>Claims that are kept in a whole Gatehouse, and how keys and endpoints are named there.</summary>
public class HttpIdempotencyClaimsTests(WholeGatehouse gatehouse)
{
    private static readonly ClaimKey Key = new("user-7", "POST /orders/{id}", "k1");
    private static readonly ClaimRequest Request = new() { Path = "/orders/7?a=1", Fingerprint = "f" };

    private static readonly KeptResponse Created = new()
    {
        Status = 201,
        Headers = new Dictionary<string, string> { ["Location"] = "/orders/7", ["Content-Type"] = "text/plain" },
        // In base64 nothing but plus signs and slashes, which JSON may write as six letters each.
        Body = Enumerable.Repeat<byte[]>([0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff], 256 * 1024 / 6).SelectMany(b => b).ToArray(),
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_IsStartedOnce_AndItsAnswerIsGivenAgain()
    {
        await using var service = await ServiceAsync();
        var claims = service.Claims;

        var begun = await claims.BeginAsync(Key, Request, Cancellation);
        var other = await claims.BeginAsync(Key, Request, Cancellation);
        var waiting = claims.BeginAsync(Key, Request with { Wait = TimeSpan.FromSeconds(30) }, Cancellation);
        Assert.Equal(ClaimEnd.Done, await claims.RenewAsync(Key, begun.Epoch, TimeSpan.FromSeconds(90), Cancellation));
        Assert.Equal(ClaimEnd.Done, await claims.CompleteAsync(Key, begun.Epoch, Created, Cancellation));
        Assert.Equal(ClaimEnd.Done, await claims.CompleteAsync(Key, begun.Epoch, Created, Cancellation));
        var again = await waiting;

        Assert.Equal((ClaimState.Started, 1), (begun.State, begun.Epoch));
        Assert.Equal(ClaimState.InProgress, other.State);
        Assert.Equal(TimeSpan.FromSeconds(5), other.RetryAfter);
        Assert.Equal((ClaimState.Completed, 201, "/orders/7"), (
            again.State, again.Response!.Status, again.Response.Headers["Location"]));
        Assert.Equal(Created.Body.ToArray(), again.Response.Body.ToArray());
        Assert.False(again.Response.Tombstone);
    }

    [Fact]
    public async Task Key_OfAnotherRequest_OrAnotherScope_IsNotAnswered()
    {
        await using var service = await ServiceAsync();
        await service.Claims.BeginAsync(Key, Request, Cancellation);

        Assert.Equal(ClaimState.Mismatch, await BeginAsync(Key, Request with { Fingerprint = "g" }));
        Assert.Equal(ClaimState.Mismatch, await BeginAsync(Key, Request with { Path = "/orders/8" }));
        Assert.Equal(ClaimState.Started, await BeginAsync(Key with { Scope = "user-8" }, Request));
        Assert.Equal(ClaimState.Started, await BeginAsync(Key with { Scope = null }, Request));
        Assert.Equal(ClaimState.Started, await BeginAsync(Key with { Endpoint = "PUT /orders/{id}" }, Request));

        async Task<ClaimState> BeginAsync(ClaimKey key, ClaimRequest request) =>
            (await service.Claims.BeginAsync(key, request, Cancellation)).State;
    }

    [Fact]
    public async Task Claim_ThatIsNotTheKeysAnyMore_IsStale_AndOneThatNeverWasIsAbsent()
    {
        await using var service = await ServiceAsync();
        var claims = service.Claims;
        await claims.BeginAsync(Key, Request, Cancellation);

        Assert.Equal(ClaimEnd.Done, await claims.ReleaseAsync(Key, 1, Cancellation));
        var next = await claims.BeginAsync(Key, Request with { Abandoned = AbandonedClaim.Retry }, Cancellation);

        Assert.Equal((ClaimState.Started, 2), (next.State, next.Epoch));
        Assert.Equal(ClaimEnd.Stale, await claims.CompleteAsync(Key, 1, Created, Cancellation));
        Assert.Equal(ClaimEnd.Stale, await claims.ReleaseAsync(Key, 1, Cancellation));
        Assert.Equal(ClaimEnd.Stale, await claims.RenewAsync(Key, 1, TimeSpan.FromSeconds(60), Cancellation));
        Assert.Equal(ClaimEnd.Absent, await claims.ReleaseAsync(Key with { Key = "k2" }, 1, Cancellation));
        Assert.Equal(ClaimEnd.Done, await claims.CompleteAsync(Key, 2, Created with { Status = 500 }, Cancellation));
        Assert.Equal(ClaimState.Unknown, (await claims.BeginAsync(Key, Request, Cancellation)).State);
    }

    [Theory]
    [InlineData(2 * 1024 * 1024, false)]
    [InlineData((256 * 1024) + 1, false)]
    [InlineData(10, true)]
    public async Task Answer_ThatIsTooLarge_OrIsNotToBeKept_LeavesATombstone(int length, bool tombstone)
    {
        await using var service = await ServiceAsync();
        await service.Claims.BeginAsync(Key, Request, Cancellation);

        var kept = Created with { Body = new byte[length], Tombstone = tombstone };
        Assert.Equal(ClaimEnd.Done, await service.Claims.CompleteAsync(Key, 1, kept, Cancellation));
        var again = await service.Claims.BeginAsync(Key, Request, Cancellation);

        Assert.Equal((ClaimState.Tombstoned, 201, true, 0), (
            again.State, again.Response!.Status, again.Response.Tombstone, again.Response.Body.Length));
        Assert.Equal("/orders/7", again.Response.Headers["Location"]);
    }

    [Fact]
    public async Task Request_WithTheLongestNames_IsClaimed()
    {
        await using var service = await ServiceAsync();
        var key = new ClaimKey(new string('s', 1000), $"POST /{new string('e', 600)}?#", new string('~', 255));
        var request = Request with { Path = "/" + new string('p', 5000), Fingerprint = new string('f', 64) };

        Assert.Equal(ClaimState.Started, (await service.Claims.BeginAsync(key, request, Cancellation)).State);
        Assert.Equal(ClaimEnd.Done, await service.Claims.CompleteAsync(key, 1, Created, Cancellation));
    }

    [Fact]
    public void Names_OfDifferentKeys_AreDifferent_AndFit()
    {
        var longKey = new string('k', 255);
        var scoped = WireName.Key("user-7", "k1");
        string?[] scopes = [null, "", "user-7", "user-8"];
        string[] keys =
        [
            "k1", longKey, longKey[1..], scoped, WireName.Key("user-7", longKey), WireName.Key(null, scoped),
            WireName.Key("user-7", longKey)[33..], new string('k', 222), new string('k', 223),
        ];

        var names = (from scope in scopes from key in keys select WireName.Key(scope, key)).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.InRange(name.Length, 1, 255));
        Assert.Equal("k1", WireName.Key(null, "k1"));
        Assert.Equal(longKey, WireName.Key(null, longKey));
        Assert.Matches("^[0-9a-f]{32}:k1$", scoped);
        Assert.Matches("^[0-9a-f]{32}:sha256:[0-9a-f]{64}$", WireName.Key("user-7", longKey));
    }

    private async Task<TestService> ServiceAsync()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        return gatehouse.Service(tenant, key);
    }
}
