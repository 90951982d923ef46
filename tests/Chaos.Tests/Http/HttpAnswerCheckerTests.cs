using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Http;

/// <summary>Documented answers pass, and none that is not, or that no fault explains.</summary>
public class HttpAnswerCheckerTests
{
    private const string Route = "POST /v1/things";

    private static readonly Fault Away = new("away", Ms(1_000), Ms(2_000)) { RecoveryMax = Ms(500) };

    private static readonly HttpCall Good = new()
    {
        Region = "local",
        Process = 1,
        Route = Route,
        Start = Ms(0),
        End = Ms(5),
        Status = 200,
    };

    private static readonly HttpCall Overloaded = Good with
    {
        Status = 429,
        Code = "service_overloaded",
        IsProblem = true,
        RetryAfter = 1,
        Applied = "no",
        Start = Ms(1_500),
        End = Ms(1_600),
    };

    [Fact]
    public void Check_DocumentedAnswers_FindsNothing() => Assert.Empty(Check(
        Good, Good with { Status = 409, IsProblem = true, Code = "conflict" }, Overloaded,
        Good with { Status = null, Start = Ms(1_999), End = Ms(9_000) },
        Good with { Status = 429, IsProblem = true, Code = "rate_limited", RetryAfter = 6 }));

    [Fact]
    public void Check_AStatusThatIsNotDocumented_FindsIt() => Finds("documented answers", Good with { Status = 418 });

    [Fact]
    public void Check_ARouteThatIsNotDocumented_FindsIt() => Finds("documented answers", Good with { Route = "GET /other" });

    [Fact]
    public void Check_AnErrorThatIsNoProblem_FindsIt() => Finds("errors are problems", Good with { Status = 409 });

    [Fact]
    public void Check_ADocumentedServerErrorWithoutAFault_FindsIt() =>
        Finds("no server error", Good with { Status = 503, IsProblem = true });

    [Fact]
    public void Check_ARefusalThatDoesNotSayWhenToComeAgain_FindsIt() =>
        Finds("a refusal says when to come again", Overloaded with { RetryAfter = null });

    [Fact]
    public void Check_AnOverloadThatDoesNotSayWhatWasDone_FindsIt() =>
        Finds("an overloaded service says what was done", Overloaded with { Applied = null });

    [Theory]
    [InlineData(999, false)]
    [InlineData(1_000, true)]
    [InlineData(2_600, true)]
    [InlineData(2_601, false)]
    public void Check_OverloadedOrLost_OnlyUntilItHasRecovered(int at, bool isExplained)
    {
        var overloaded = Overloaded with { Start = Ms(at), End = Ms(at) };
        var lost = Good with { Status = null, Start = Ms(at), End = Ms(at) };

        Assert.Equal(isExplained, !Check(overloaded).Any());
        Assert.Equal(isExplained, !Check(lost).Any());
        Assert.NotEmpty(Check(overloaded with { Region = "elsewhere" }));
    }

    private static void Finds(string promise, HttpCall call) => Assert.Equal(promise, Assert.Single(Check(call)).Promise);

    private static IEnumerable<Violation> Check(params HttpCall[] calls) => new HttpAnswerChecker(
        new Dictionary<string, IReadOnlySet<int>> { [Route] = new HashSet<int> { 200, 409, 429, 503 } }, recovery: Ms(100))
        .Check(History<HttpCall>.Of(calls, [Away with { Region = "local" }]));

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
