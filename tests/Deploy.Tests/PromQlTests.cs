namespace Gatehouse.Deploy.Tests;

/// <summary>The parser that all expressions of deploy/ are held against finds what is wrong, and what is read.</summary>
public class PromQlTests
{
    [Fact]
    public async Task Expressions_AreTakenApart()
    {
        var parsed = await PromQl.ParseAsync(
        [
            "sum by (reason) (rate(gatehouse_http_overloads_total{job=\"gatehouse-api\"}[5m])) / on() group_left up",
            "sum(rate(gatehouse_http_overloads_total[5m])",
        ]);

        Assert.Empty(parsed[0].Errors);
        Assert.Equal(["gatehouse_http_overloads_total", "up"], parsed[0].Metrics);
        Assert.NotEmpty(parsed[1].Errors);
    }

    [Theory]
    [InlineData("""a{x="1", y!~"b\\.c|d"}""", "a: x = 1, y !~ b\\.c|d")]
    [InlineData("""{__name__="a", x=""}[5m]""", "a: x = ")]
    [InlineData("a:b:c or d", "a:b:c: ; d: ")]
    public async Task Selectors_AreToldWithTheirMatchers(string expression, string expected)
    {
        var parsed = (await PromQl.ParseAsync([expression]))[0];

        Assert.Equal(expected, string.Join("; ", parsed.Selectors.Select(selector => $"{selector.Metric}: "
            + string.Join(", ", selector.Matchers.Select(matcher => $"{matcher.Label} {matcher.Op} {matcher.Value}")))));
    }

    [Theory]
    [InlineData("sum by (x, y) (rate(a[5m]))", "x,y of a")]
    [InlineData("max without (x) (a / b)", "x of a,b")]
    [InlineData("a * on (x) group_left (y) b", "x of a; x of b; y of b")]
    [InlineData("a * on (x) group_right (y) b", "x of a; x of b; y of a")]
    [InlineData("a / ignoring (x) b", "x of a,b")]
    [InlineData("""sum by (x, y) (label_replace(a, "x", "$1", "z", "(.*)"))""", "y of a")]
    [InlineData("sum(a) / on() b", "")]
    [InlineData("sum by (x) (vector(0))", "")]
    public async Task Groupings_AreToldWithTheMetricsUnderThem(string expression, string expected)
    {
        var parsed = (await PromQl.ParseAsync([expression]))[0];

        Assert.Equal(expected, string.Join("; ", parsed.Groupings.Select(
            grouping => $"{string.Join(',', grouping.Labels)} of {string.Join(',', grouping.Metrics)}")));
    }
}
