using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Regions;

/// <summary>The silos of a region over HTTP. Who may read them, the route matrix says.</summary>
public class ClusterTests(SharedHost shared)
{
    [Fact]
    public async Task Cluster_OfOneProcess_IsThatSiloAndIntact()
    {
        var answer = await shared.Host.SendAsync(HttpMethod.Get, "/v1/cluster", TestHost.AdminKey);

        Assert.Equal(200, answer.Status);
        Assert.Equal("local", answer.Json.GetProperty("region").GetString());
        Assert.Equal("intact", answer.Json.GetProperty("membership").GetString());
        var silo = Assert.Single(answer.Json.GetProperty("silos").EnumerateArray());
        Assert.Matches(@"^127\.0\.0\.1:\d+@\d+$", silo.GetProperty("address").GetString());
        Assert.Equal("active", silo.GetProperty("status").GetString());
        Assert.Equal("local", silo.GetProperty("region").GetString());
        Assert.True(silo.GetProperty("inCluster").GetBoolean());
        Assert.True(silo.GetProperty("inTable").GetBoolean());
        Assert.True(silo.GetProperty("activations").GetInt32() > 0);
        Assert.Matches(@"^\d{4}-.*\.\d{3}Z$", silo.GetProperty("startedAt").GetString());
    }
}
