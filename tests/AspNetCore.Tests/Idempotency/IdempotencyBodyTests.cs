using System.Net;
using System.Text;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>Bodies that are large, come in parts, or without an end in sight.</summary>
public class IdempotencyBodyTests
{
    private const int KeptMax = 256 * 1024;

    private readonly Effect _effect = new();

    [Fact]
    public async Task Multipart_IsComparedByItsParts_NotByItsBoundary()
    {
        await using var service = await StartAsync();

        var first = await service.SendAsync("/upload", Form("a", "one"));
        var again = await service.SendAsync("/upload", Form("b", "one"));
        var other = await service.SendAsync("/upload", Form("a", "two"));

        Assert.Equal((200, "file 3"), (first.Status, first.Text));
        Assert.Equal((200, "true", 422), (again.Status, again.Headers["Idempotent-Replayed"], other.Status));
        Assert.Equal(1, _effect.Count);
    }

    [Fact]
    public async Task Multipart_ThatIsBroken_IsComparedByItsBytes()
    {
        await using var service = await StartAsync();

        var first = await service.SendAsync("/echo", Broken("one"));
        var again = await service.SendAsync("/echo", Broken("one"));
        var other = await service.SendAsync("/echo", Broken("two"));

        Assert.Equal((200, 200, 422), (first.Status, again.Status, other.Status));
    }

    [Fact]
    public async Task Multipart_WithABoundaryThatIsNone_IsComparedByItsBytes()
    {
        await using var service = await StartAsync();

        var first = await service.SendAsync("/echo", WithLongBoundary("one"));
        var other = await service.SendAsync("/echo", WithLongBoundary("two"));

        Assert.Equal((200, 422), (first.Status, other.Status));
    }

    [Fact]
    public async Task ARequestBodyWithoutALength_IsReadTwice()
    {
        await using var service = await StartAsync();

        var first = await service.SendAsync("/echo", new Streamed(new string('x', 100_000)));
        var again = await service.SendAsync("/echo", new Streamed(new string('x', 100_000)));
        var other = await service.SendAsync("/echo", new Streamed(new string('x', 100_001)));

        Assert.Equal((200, "100000"), (first.Status, first.Text));
        Assert.Equal(("true", 422), (again.Headers["Idempotent-Replayed"], other.Status));
    }

    [Fact]
    public async Task ARequestBodyThatIsTooLarge_Is413_AndNothingIsClaimed()
    {
        await using var service = await StartAsync();

        var refused = await service.SendAsync(
            "/echo", new StringContent(new string('x', 3 * 1024 * 1024)), "k", ("Expect", "100-continue"));

        Assert.Equal((413, 0), (refused.Status, _effect.Count));
        Assert.Empty(service.Claims.Calls);
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(KeptMax, 200)]
    [InlineData(KeptMax + 1, 409)]
    [InlineData(3 * 1024 * 1024, 409)]
    public async Task AnAnswer_IsKeptUpToItsLimit_AndArrivesWholeInAnyCase(int length, int again)
    {
        await using var service = await StartAsync();

        var first = await service.PostAsync($"/large?length={length}");
        var second = await service.PostAsync($"/large?length={length}");

        Assert.Equal((200, length), (first.Status, first.Text.Length));
        Assert.Equal((again, 1), (second.Status, _effect.Count));
        if (again == 200)
        {
            Assert.Equal(first.Text, second.Text);
            return;
        }

        Assert.Equal(("idempotency_answer_not_kept", "/reports/1"), (second.Code, second.Headers["Location"]));
        Assert.Equal(200, second.Json.GetProperty("originalStatus").GetInt32());
    }

    [Fact]
    public async Task AnAnswerThatIsSentWhileItIsMade_ArrivesAtOnce_AndIsNotKept()
    {
        await using var service = await StartAsync();
        var gate = _effect.Hold();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/stream");
        request.Headers.Add("Idempotency-Key", "k");

        using var response = await service.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("first", await reader.ReadLineAsync());
        gate.SetResult();
        Assert.Equal("last", await reader.ReadLineAsync());
        await service.Claims.UntilAsync(records => records.Values.Single().State is ClaimState.Tombstoned);

        var again = await service.SendAsync("/stream", new ByteArrayContent([]));
        Assert.Equal((409, "idempotency_answer_not_kept", 1), (again.Status, again.Code, _effect.Count));
    }

    [Fact]
    public async Task AnAnswerWithASecret_IsNotKept()
    {
        await using var service = await StartAsync();

        var first = await service.PostAsync("/secret");
        var again = await service.PostAsync("/secret");

        Assert.Equal((200, "password"), (first.Status, first.Text));
        Assert.Equal((409, "idempotency_answer_not_kept"), (again.Status, again.Code));
        await service.Claims.UntilAsync(records => records.Values.Single().Response!.Body.IsEmpty);
    }

    private Task<IdempotentService> StartAsync() => IdempotentService.StartAsync(app =>
    {
        app.MapPost("/upload", async (IFormFile file) =>
        {
            await _effect.RunAsync();
            return $"file {file.Length}";
        }).DisableAntiforgery().WithIdempotency();
        app.MapPost("/echo", async (HttpRequest request) =>
        {
            await _effect.RunAsync();
            return $"{(await new StreamReader(request.Body).ReadToEndAsync()).Length}";
        }).WithIdempotency();
        app.MapPost("/large", async (int length, HttpResponse response) =>
        {
            await _effect.RunAsync();
            response.Headers.Location = "/reports/1";
            await response.WriteAsync(new string('y', length / 2));
            await response.Body.FlushAsync();
            await response.BodyWriter.WriteAsync(Encoding.ASCII.GetBytes(new string('z', length - (length / 2))));
        }).WithIdempotency();
        app.MapPost("/stream", async (HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await context.Response.WriteAsync("first\n");
            await context.Response.Body.FlushAsync();
            await _effect.RunAsync();
            await context.Response.WriteAsync("last\n");
        }).WithIdempotency();
        app.MapPost("/secret", () => "password").WithIdempotency(terms => terms.KeepsBody = false);
    });

    private static StringContent WithLongBoundary(string text)
    {
        var content = new StringContent(text);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation(
            "Content-Type", $"multipart/form-data; boundary={new string('b', 5_000)}");
        return content;
    }

    private static MultipartFormDataContent Form(string boundary, string text) =>
        new(boundary) { { new StringContent(text), "file", "name.txt" } };

    private static StringContent Broken(string text)
    {
        var content = new StringContent($"--x\r\nno header\r\n{text}");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        return content;
    }

    /// <summary>A body whose length its sender does not know.</summary>
    private sealed class Streamed(string text) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
