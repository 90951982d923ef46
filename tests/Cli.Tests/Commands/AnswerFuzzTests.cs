using Gatehouse.Cli.Api;
using Gatehouse.Cli.Auditing;
using Gatehouse.Cli.Doctor;
using Gatehouse.Fuzzing;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary>What servers answer, and what stands between answers: shown as far as it can be, and never a stack.</summary>
public class AnswerFuzzTests
{
    private const string Problem = """
        {"type":"t","title":"The request breaks a rule","status":400,"code":"invalid_request",
        "errors":[{"field":"limit","rule":"is required"}],"retryAfterMs":5000,"requestId":"r"}
        """;

    private static readonly FuzzTarget[] Targets =
    [
        FuzzTarget.Of("answer", [Problem, """{"items":[{"tenant":"acme","frozen":false}],"next":null}"""], static text =>
        {
            var answer = new Answer(400, text, "r");
            Assert.NotEmpty(Refusal.Of(answer, "k").Message);
            Assert.All(answer.Json.Items("items"), static item => Assert.NotEmpty(item.Cell("tenant")));
            Assert.All(answer.Json.Items("errors"), static item => Assert.False(item.Flag("field")));
        }),
        FuzzTarget.Of("INFO of a Redis", ["redis_version:7.2.4\r\naof_enabled:1\r\nrole:master\r\n"], static text =>
            Assert.NotNull(RedisServerProbe.Read(text, new RedisServerFacts { Address = "a", Roles = [] }))),
        FuzzTarget.Of("stream", ["retry: 1000\n\nid: 42\ndata: {\"seq\":42}\n\n: alive\n\n"], static text =>
            Assert.All(Streamed(text), static one => Assert.True(one == StreamedEvent.Alive || one.Data is not null))),
    ];

    public static TheoryData<string> Names { get; } = [.. Targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyAnswer_IsShownOrPassedOver(string name) => FuzzRun.Read(Targets.Single(target => target.Name == name));

    [Theory]
    [InlineData("""{"code":"a","code":"b"}""", null)]
    [InlineData("""{"code":"\ud800"}""", null)]
    [InlineData("""{"code":7}""", "7")]
    [InlineData("""["code"]""", null)]
    public void Code_OfAnOddAnswer_IsNoStack(string text, string? code) => Assert.Equal(code, new Answer(400, text, null).Code);

    private static List<StreamedEvent> Streamed(string text)
    {
        using var reader = new StringReader(text);
        return EventStream.ReadAsync(reader, static line => line).ToBlockingEnumerable().ToList();
    }
}
