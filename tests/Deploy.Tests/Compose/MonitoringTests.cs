using Gatehouse.Deploy.Tests.Docker;

namespace Gatehouse.Deploy.Tests.Compose;

/// <summary>Prometheus, as the stack starts it, looks at every process of the stack.</summary>
public class MonitoringTests
{
    [Fact]
    public void Prometheus_ScrapesEveryProcess()
    {
        var compose = Yaml.Parse(Repository.Read("deploy", "compose", "compose.yaml"));
        var jobs = Yaml.Parse(Repository.Read("deploy", "prometheus", "prometheus.yml"))["scrape_configs"].Items
            .ToDictionary(job => job["job_name"].Text, job => job["static_configs"].Items.Single());

        Assert.Equal(["alertmanager", "gatehouse-api", "gatehouse-silo", "prometheus", "redis"], jobs.Keys.Order());
        foreach (var target in new[] { "api", "silo" })
        {
            var expected = ComposeChecks.ProductServices(compose)
                .Where(service => service.Value["build/target"].Text == target).Select(service => $"{service.Name}:8081");
            Assert.Equal(expected, jobs[$"gatehouse-{target}"]["targets"].Items.Select(address => address.Text));
            Assert.Contains(8081, Dockerfile.Shipped.Stage(target).Ports);
            Assert.Equal(
                compose[$"services/{target}-1/environment/Gatehouse__Region"].Text,
                jobs[$"gatehouse-{target}"]["labels/region"].Text);
        }

        var names = jobs.Values.SelectMany(job => job["targets"].Items).Select(address => address.Text.Split(':')[0]);
        Assert.All(
            names.Where(name => name != "localhost"), name => Assert.True(compose[$"services/{name}"].Exists, name));
    }
}
