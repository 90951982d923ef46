namespace Gatehouse.Deploy.Tests;

/// <summary>The parser that all expressions of deploy/ are held against finds what is wrong.</summary>
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
}
