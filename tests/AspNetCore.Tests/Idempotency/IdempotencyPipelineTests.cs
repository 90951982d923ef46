using System.Text;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>Its actions are marked with it; one has terms of its own.</summary>
[Idempotent, ApiController, Route("marked")]
public class MarkedController : ControllerBase
{
    [HttpPost]
    public string Run() => HttpContext.TraceIdentifier;

    [HttpPost("strictly"), Idempotent(IsKeyRequired = true)]
    public string RunStrictly() => HttpContext.TraceIdentifier;
}

/// <summary>What else there is in a service's pipeline, around the middleware and behind it.</summary>
public class IdempotencyPipelineTests
{
    private readonly Effect _effect = new();

    [Fact]
    public async Task AMiddlewareBeforeRouting_SaysSo_InsteadOfDoingNothing()
    {
        await using var service = await IdempotentService.StartAsync(
            static app =>
            {
                app.MapPost("/pay", static _ => Task.CompletedTask).WithIdempotency();
                app.MapPost("/plain", static _ => Task.CompletedTask);
            },
            usesIt: false, outer: static app => app.UseGatehouseIdempotency());

        Assert.Equal(500, (await service.PostAsync("/pay")).Status);
        Assert.Equal((200, 404), ((await service.PostAsync("/plain")).Status, (await service.PostAsync("/none")).Status));
    }

    [Fact]
    public async Task ABodyThatWasReadBefore_CountsAllTheSame()
    {
        await using var service = await StartAsync(static async context =>
        {
            context.Request.EnableBuffering();
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        });

        var first = await service.PostAsync("/pay", "one");
        var other = await service.PostAsync("/pay", "two");

        Assert.Equal((200, 422), (first.Status, other.Status));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AFormThatWasReadBefore_AsAntiforgeryDoes_CountsAllTheSame(bool isMultipart)
    {
        await using var service = await StartAsync(static context => context.Request.ReadFormAsync());

        var first = await service.SendAsync("/form", Form(isMultipart, "one"));
        var again = await service.SendAsync("/form", Form(isMultipart, "one"));
        var other = await service.SendAsync("/form", Form(isMultipart, "two"));

        Assert.Equal((200, "1 one"), (first.Status, first.Text));
        Assert.Equal(("1 one", "true", 422), (again.Text, again.Headers["Idempotent-Replayed"], other.Status));
    }

    [Fact]
    public async Task AFileThatWasReadBefore_CountsAllTheSame()
    {
        await using var service = await StartAsync(static context => context.Request.ReadFormAsync());

        var first = await service.SendAsync("/form", File("one"));
        var other = await service.SendAsync("/form", File("two"));

        Assert.Equal((200, 422), (first.Status, other.Status));
    }

    [Fact]
    public async Task AnErrorPage_ThatIsMarkedToo_IsNotARequestOfItsOwn()
    {
        await using var service = await StartAsync(app => app.UseExceptionHandler("/error"));

        var first = await service.PostAsync("/broken");
        var again = await service.PostAsync("/broken");

        Assert.Equal((500, "sorry"), (first.Status, first.Text));
        Assert.Equal((409, "idempotency_outcome_unknown", 1), (again.Status, again.Code, _effect.Count));
        await service.Claims.UntilAsync(records => records.Count == 1);
    }

    [Fact]
    public async Task AMiddlewareThatIsThereTwice_DoesNotWaitForItself()
    {
        await using var service = await StartAsync(inner: app => app.UseGatehouseIdempotency());

        Assert.Equal((200, "1"), Of(await service.PostAsync("/pay")));
        Assert.Equal((200, "1"), Of(await service.PostAsync("/pay")));
        Assert.Equal(1, _effect.Count);
    }

    [Fact]
    public async Task AnActionsOwnTerms_GoBeforeItsControllers()
    {
        await using var service = await IdempotentService.StartAsync(
            app => app.MapControllers(),
            more: services => services.AddControllers()
                .ConfigureApplicationPartManager(static parts => parts.ApplicationParts.Clear())
                .AddApplicationPart(typeof(MarkedController).Assembly));

        var first = await service.PostAsync("/marked");
        var again = await service.PostAsync("/marked");
        var required = await service.PostAsync("/marked/strictly", key: null);

        Assert.Equal((200, "true"), (first.Status, again.Headers["Idempotent-Replayed"]));
        Assert.Equal((first.Text, "idempotency_key_required"), (again.Text, required.Code));
    }

    private static (int Status, string Text) Of(ApiHost.Tests.Fixtures.Answer answer) => (answer.Status, answer.Text);

    private static MultipartFormDataContent File(string text) =>
        new() { { new StringContent(text), "file", "name.txt" } };

    private static HttpContent Form(bool isMultipart, string value) => isMultipart
        ? new MultipartFormDataContent { { new StringContent(value), "name" } }
        : new FormUrlEncodedContent([new("name", value)]);

    private Task<IdempotentService> StartAsync(Func<HttpContext, Task> before) =>
        StartAsync(app => app.Use(async (context, next) =>
        {
            await before(context);
            await next(context);
        }));

    private Task<IdempotentService> StartAsync(
        Action<WebApplication>? outer = null, Action<WebApplication>? inner = null) => IdempotentService.StartAsync(
        app =>
        {
            inner?.Invoke(app);
            app.MapPost("/pay", () => _effect.RunAsync()).WithIdempotency();
            app.MapPost("/form", async (HttpRequest request) =>
            {
                var form = await request.ReadFormAsync();
                return $"{await _effect.RunAsync()} {form["name"]}";
            }).WithIdempotency();
            app.MapPost("/broken", async () =>
            {
                await _effect.RunAsync();
                throw new InvalidOperationException("in the middle");
            }).WithIdempotency();
            app.MapPost("/error", () => "sorry").WithIdempotency();
        },
        outer: outer);
}
