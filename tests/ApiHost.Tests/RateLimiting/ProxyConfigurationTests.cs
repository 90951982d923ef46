using System.Reflection;
using Gatehouse.ApiHost.Tests.Fixtures;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>
/// The shipped configurations of Traefik and Envoy, read as their documents say and asked of the real host. It does not
/// show that these proxies accept the files: neither can run here. (nginx and Caddy do, in Chaos.Tests.)
/// </summary>
public class ProxyConfigurationTests(SharedHost shared)
{
    private const string KeyHeader = "X-Gatehouse-Key";

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Traefik_SetsItsKeyAsksAndTakesTheKeyAway()
    {
        var (tenant, key) = await NewAsync();
        var http = Load("traefik.yaml", tenant, ("{{ env \"GATEHOUSE_KEY\" }}", key))["http"];
        var router = http["routers"]["application"];
        Assert.Equal("gatehouse", Assert.Single(Items(router["middlewares"])));
        Assert.Contains(router["service"].ToString(), Keys(http["services"]));
        var middlewares = http["middlewares"];

        Assert.Equal((200, 429), (await RunAsync(), await RunAsync()));

        async Task<int> RunAsync()
        {
            // As they come from a client, who would like to be somebody else.
            var headers = new Dictionary<string, string> { [KeyHeader] = "nonsense", ["X-Forwarded-For"] = NewAddress() };
            var status = 0;
            foreach (var name in Items(middlewares["gatehouse"]["chain"]["middlewares"]))
            {
                var middleware = middlewares[name];
                if (Assert.Single(Keys(middleware)) == "headers")
                {
                    SetHeaders(headers, middleware["headers"]["customRequestHeaders"]);
                    continue;
                }

                status = await AskAsTraefikAsync(middleware["forwardAuth"], headers);
            }

            Assert.DoesNotContain(KeyHeader, headers.Keys);
            return status;
        }
    }

    [Fact]
    public async Task Envoy_AppendsTheClientsTargetAndSendsNothingElseOfIt()
    {
        var (tenant, key) = await NewAsync();
        var resources = Load("envoy.yaml", tenant, ("${GATEHOUSE_KEY}", key))["static_resources"];
        var manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
        var filters = ((YamlSequenceNode)manager["http_filters"]).ToList();
        Assert.Equal(
            ["envoy.filters.http.ext_authz", "envoy.filters.http.router"], filters.Select(f => f["name"].ToString()));
        var check = filters[0]["typed_config"];
        Assert.EndsWith(".ext_authz.v3.ExtAuthz", check["@type"].ToString(), StringComparison.Ordinal);
        // Without the first the last entry of X-Forwarded-For is the client's own; without the second nobody is stopped.
        Assert.Equal("true", manager["use_remote_address"].ToString());
        Assert.Equal("false", check["failure_mode_allow"].ToString());
        var service = check["http_service"];
        var clusters = ((YamlSequenceNode)resources["clusters"]).Select(cluster => cluster["name"].ToString());
        Assert.Contains(service["server_uri"]["cluster"].ToString(), clusters);
        var allowed = Assert.Single((YamlSequenceNode)check["allowed_headers"]["patterns"]);
        Assert.Equal("x-forwarded-for", allowed["exact"].ToString());

        Assert.Equal((200, 429), (await AskAsync("/orders/7?cost=0"), await AskAsync("/?key=mine")));

        async Task<int> AskAsync(string target)
        {
            var added = Assert.Single((YamlSequenceNode)service["authorization_request"]["headers_to_add"]);
            var answer = await _host.SendAsync(HttpMethod.Delete, service["path_prefix"] + target, "the-clients-token", null,
                (added["key"].ToString(), added["value"].ToString()), ("X-Forwarded-For", $"{NewAddress()}, 198.51.100.7"));
            return answer.Status;
        }
    }

    private async Task<int> AskAsTraefikAsync(YamlNode forwardAuth, Dictionary<string, string> headers)
    {
        Assert.Equal("false", forwardAuth["trustForwardHeader"].ToString());
        var sent = Items(forwardAuth["authRequestHeaders"]).Select(name => (name, headers[name]))
            .Append(("X-Forwarded-For", "198.51.100.7"));
        var address = new Uri(forwardAuth["address"].ToString());
        return (await _host.SendAsync(HttpMethod.Get, address.PathAndQuery, null, null, [.. sent])).Status;
    }

    /// <summary>An empty value removes the header.</summary>
    private static void SetHeaders(Dictionary<string, string> headers, YamlNode custom)
    {
        foreach (var (name, value) in ((YamlMappingNode)custom).Children)
        {
            headers[name.ToString()] = value.ToString();
        }

        headers.Keys.Where(name => headers[name].Length == 0).ToList().ForEach(name => headers.Remove(name));
    }

    private async Task<(string Tenant, string Key)> NewAsync()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.PutPolicyAsync(tenant, """{"limit":1,"window":"01:00:00"}""", "default");
        return (tenant, await _host.NewKeyAsync(tenant, "\"ratelimit:check\""));
    }

    private static string NewAddress() => $"203.0.113.{Random.Shared.Next(1, 255)}";

    private static IEnumerable<string> Items(YamlNode node) => ((YamlSequenceNode)node).Select(item => item.ToString());

    private static IEnumerable<string> Keys(YamlNode node) =>
        ((YamlMappingNode)node).Children.Keys.Select(key => key.ToString());

    private static YamlNode Load(string name, string tenant, (string Shipped, string Instead) key)
    {
        var folder = typeof(ProxyConfigurationTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "ProxiesFolder").Value!;
        var text = File.ReadAllText(Path.Combine(folder, name));
        Assert.Contains(key.Shipped, text, StringComparison.Ordinal);
        Assert.Contains("/acme/default", text, StringComparison.Ordinal);
        var stream = new YamlStream();
        stream.Load(new StringReader(text.Replace(key.Shipped, key.Instead).Replace("/acme/default", $"/{tenant}/default")));
        return Assert.Single(stream.Documents).RootNode;
    }
}
