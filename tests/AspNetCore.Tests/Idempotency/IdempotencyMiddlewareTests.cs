using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>The scenarios of the IETF draft, as a service's callers see them.</summary>
public class IdempotencyMiddlewareTests
{
    private readonly Effect _effect = new();

    [Fact]
    public async Task Repetition_GetsTheFirstAnswer_ByteForByte_AndNoSecret()
    {
        await using var service = await StartAsync();

        var first = await service.PostAsync("/orders/7", key: "\"k\"");
        var again = await service.PostAsync("/orders/7", key: "k");

        Assert.Equal((201, 1), (first.Status, _effect.Count));
        Assert.Equal((first.Status, first.Text), (again.Status, again.Text));
        foreach (var name in new[] { "Content-Type", "Location", "ETag", "Link" })
        {
            Assert.Equal(first.Headers[name], again.Headers[name]);
        }

        Assert.Equal("true", again.Headers["Idempotent-Replayed"]);
        Assert.True(first.Headers.ContainsKey("Set-Cookie"));
        Assert.False(again.Headers.ContainsKey("Set-Cookie") || first.Headers.ContainsKey("Idempotent-Replayed"));
        await service.Claims.UntilAsync(records => records.Values.Single().Response!.Headers.Keys
            .All(name => name is "Content-Type" or "Location" or "ETag" or "Link"));
    }

    [Fact]
    public async Task FiftyAtOnce_RunOnce_AndGetTheSameAnswer()
    {
        await using var service = await StartAsync();
        var gate = _effect.Hold();

        var calls = Enumerable.Range(0, 50)
            .Select(_ => service.PostAsync("/orders/7", "{}", "k", ("Prefer", "wait=20"))).ToList();
        await service.Claims.UntilAsync(_ => service.Claims.Calls.Count(name => name == "begin") == 50);
        gate.SetResult();
        var answers = await Task.WhenAll(calls);

        Assert.Equal(1, _effect.Count);
        Assert.All(answers, answer => Assert.Equal((201, answers[0].Text), (answer.Status, answer.Text)));
        Assert.Equal(49, answers.Count(answer => answer.Headers.ContainsKey("Idempotent-Replayed")));
    }

    [Fact]
    public async Task WhileItRuns_ARepetitionIs409_AndSaysWhenToComeBack()
    {
        await using var service = await StartAsync();
        var gate = _effect.Hold();
        var first = service.PostAsync("/orders/7");
        await _effect.Begun;

        var refused = await service.PostAsync("/orders/7");
        gate.SetResult();

        Assert.Equal((409, "idempotency_in_progress", "60"), (refused.Status, refused.Code, refused.Headers["Retry-After"]));
        Assert.Equal(201, (await first).Status);
    }

    [Theory]
    [InlineData("/orders/7", """{"a":1}""", "application/json")]
    [InlineData("/orders/8", "{}", "application/json")]
    [InlineData("/orders/7?a=1", "{}", "application/json")]
    [InlineData("/orders/7", "{}", "text/plain")]
    public async Task AnotherRequest_WithTheSameKey_Is422_AndNeverAReplay(string path, string body, string type)
    {
        await using var service = await StartAsync();
        await service.PostAsync("/orders/7");

        var other = await service.SendAsync(path, new StringContent(body, Encoding.UTF8, type));

        Assert.Equal((422, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.Equal("application/problem+json", other.Headers["Content-Type"].Split(';')[0]);
        Assert.Equal("urn:gatehouse:problem:idempotency_key_reused", other.Json.GetProperty("type").GetString());
        Assert.Equal(1, _effect.Count);
    }

    [Fact]
    public async Task SameKey_OfTwoCallers_AreTwoRequests()
    {
        await using var service = await StartAsync();

        var one = await service.PostAsync("/orders/7", "{}", "k", ("X-User", "ann"));
        var two = await service.PostAsync("/orders/7", "{}", "k", ("X-User", "bob"));
        var again = await service.PostAsync("/orders/7", "{}", "k", ("X-User", "ann"));

        Assert.NotEqual(one.Text, two.Text);
        Assert.Equal((one.Text, 2), (again.Text, _effect.Count));
    }

    [Fact]
    public async Task WithoutAKey_WhereOneIsAskedFor_Is400_ElsewhereItJustRuns()
    {
        await using var service = await StartAsync();

        var refused = await service.PostAsync("/required", key: null);
        var one = await service.PostAsync("/orders/7", key: null);
        var two = await service.PostAsync("/orders/7", key: null);

        Assert.Equal((400, "idempotency_key_required"), (refused.Status, refused.Code));
        Assert.Equal((201, 201, 2), (one.Status, two.Status, _effect.Count));
        Assert.Empty(service.Claims.Calls);
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("\"a\", \"b\"")]
    [InlineData("\"a,b\"")]
    [InlineData("\"a")]
    [InlineData("")]
    public async Task AMalformedKey_Is400_AndNothingRuns(string key)
    {
        await using var service = await StartAsync();

        var refused = await service.PostAsync("/orders/7", key: key);

        Assert.Equal((400, "idempotency_key_malformed", 0), (refused.Status, refused.Code, _effect.Count));
    }

    [Fact]
    public async Task TwoLines_Are400()
    {
        await using var service = await StartAsync();

        var refused = await service.PostAsync("/orders/7", "{}", "a", ("Idempotency-Key", "a"));

        Assert.Equal((400, "idempotency_key_malformed", 0), (refused.Status, refused.Code, _effect.Count));
    }

    [Fact]
    public async Task Refusals_AreKept_UnlessTheEndpointRefusesBeforeItActs()
    {
        await using var service = await StartAsync();

        var kept = await service.PostAsync("/refused");
        var keptAgain = await service.PostAsync("/refused");
        await service.PostAsync("/refused-early");
        await service.PostAsync("/refused-early");

        Assert.Equal((400, "true"), (keptAgain.Status, keptAgain.Headers["Idempotent-Replayed"]));
        Assert.Equal((kept.Text, 3), (keptAgain.Text, _effect.Count));
    }

    [Fact]
    public async Task OtherMethodsAndOtherEndpoints_AreLeftAlone()
    {
        await using var service = await StartAsync();

        using var get = new HttpRequestMessage(HttpMethod.Get, "/orders/7");
        get.Headers.TryAddWithoutValidation("Idempotency-Key", "k");
        using var answer = await service.Client.SendAsync(get);
        await service.PostAsync("/plain");
        await service.PostAsync("/plain");

        Assert.Equal((200, 2), ((int)answer.StatusCode, _effect.Count));
        Assert.Empty(service.Claims.Calls);
    }

    [Fact]
    public async Task Service_ThatMarksEndpointsAndForgetsTheMiddleware_DoesNotStart()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => IdempotentService.StartAsync(
            app => app.MapPost("/a", () => 1).WithIdempotency(), usesIt: false));

        Assert.Contains("UseGatehouseIdempotency", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, AbandonedClaim.Hold, "LeaseSeconds")]
    [InlineData(60, AbandonedClaim.None, "Abandoned")]
    public async Task Service_ThatMarksAnEndpointWrongly_DoesNotStart(int lease, AbandonedClaim abandoned, string rule)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => IdempotentService.StartAsync(app =>
            app.MapPost("/a", () => 1).WithIdempotency(t => (t.LeaseSeconds, t.Abandoned) = (lease, abandoned))));

        Assert.Contains(rule, failure.Message, StringComparison.Ordinal);
    }

    private Task<IdempotentService> StartAsync() => IdempotentService.StartAsync(app =>
    {
        app.MapPost("/orders/{id:int}", [Idempotent] async (HttpResponse response) =>
        {
            response.Cookies.Append("session", "secret");
            (response.Headers.ETag, response.Headers.Link) = ("\"v1\"", "</a>; rel=\"next\"");
            return TypedResults.Created("/orders/new", $"run {await _effect.RunAsync()} ü");
        });
        app.MapGet("/orders/{id:int}", [Idempotent] () => "read");
        app.MapPost("/required", () => "x").WithIdempotency(terms => terms.IsKeyRequired = true);
        app.MapPost("/refused", RefuseAsync).WithIdempotency();
        app.MapPost("/refused-early", RefuseAsync).WithIdempotency(terms => terms.KeepsRefusals = false);
        app.MapPost("/plain", () => _effect.RunAsync());
    });

    private async Task<IResult> RefuseAsync() => TypedResults.BadRequest(await _effect.RunAsync());
}
