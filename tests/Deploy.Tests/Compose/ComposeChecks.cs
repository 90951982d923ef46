using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Deploy.Tests.Docker;

namespace Gatehouse.Deploy.Tests.Compose;

/// <summary>What is wrong with the stack of compose.yaml, held against the code, the images and the files beside it.</summary>
internal static partial class ComposeChecks
{
    public const string Folder = "deploy/compose";

    public static IEnumerable<string> Faults(Yaml compose, string nginx, string example) =>
        compose["services"].Entries.SelectMany(service => ServiceFaults(service.Name, service.Value))
            .Concat(ProductServices(compose).SelectMany(service => ProductFaults(service.Name, service.Value)))
            .Concat(AddressFaults(compose))
            .Concat(ProxyFaults(compose, nginx))
            .Concat(VariableFaults(compose, example));

    public static IEnumerable<(string Name, Yaml Value)> ProductServices(Yaml compose) => compose["services"].Entries
        .Where(service => service.Value["image"].Text.StartsWith("gatehouse-", StringComparison.Ordinal));

    private static IEnumerable<string> ServiceFaults(string name, Yaml service)
    {
        foreach (var mount in service["volumes"].Items.Select(mount => mount.Text).Where(mount => mount[0] == '.'))
        {
            if (!Path.Exists(Repository.PathOf(Folder, mount.Split(':')[0])))
            {
                yield return $"{name} mounts {mount}, which is not there";
            }

            if (!mount.EndsWith(":ro", StringComparison.Ordinal))
            {
                yield return $"{name} could write to {mount}";
            }
        }

        if (service["ports"].Items.Any(port => !port.Text.StartsWith("127.0.0.1:", StringComparison.Ordinal)))
        {
            yield return $"{name} is open to the network";
        }

        if (!service["mem_limit"].Exists || !service["restart"].Exists
            || service["security_opt"].Items.All(option => option.Text != "no-new-privileges:true"))
        {
            yield return $"{name} has no memory limit, no restart, or may get new rights";
        }

        if (!Pinned().IsMatch(service["image"].Text))
        {
            yield return $"{name} runs an image that is not pinned: {service["image"].Text}";
        }
    }

    private static IEnumerable<string> ProductFaults(string name, Yaml service)
    {
        var target = service["build/target"].Text;
        var (program, stage) = (target == "api" ? Product.Api : Product.Silo, Dockerfile.Shipped.Stage(target));
        foreach (var (variable, _) in service["environment"].Entries)
        {
            if (variable.StartsWith("Gatehouse", StringComparison.Ordinal) && !Product.IsSetting(variable))
            {
                yield return $"{name}: {variable} is no setting";
            }
        }

        var grace = int.Parse(service["stop_grace_period"].Text.TrimEnd('s'), CultureInfo.InvariantCulture);
        if (TimeSpan.FromSeconds(grace) < program.ShutdownTimeout + TimeSpan.FromSeconds(10))
        {
            yield return $"{name} is killed after {grace} s, before the host's own limit of {program.ShutdownTimeout}";
        }

        var probe = service["healthcheck/test"].Items.Select(item => item.Text).ToList();
        var url = new Uri(probe[^1]);
        if (probe[2] != $"{program.Name}.dll" || !program.Routes.Contains(url.AbsolutePath)
            || !stage.Ports.Contains(url.Port))
        {
            yield return $"{name}: its health check asks what is not there: {string.Join(' ', probe)}";
        }

        if (!Path.Exists(Repository.PathOf(Folder, service["build/context"].Text, service["build/dockerfile"].Text)))
        {
            yield return $"{name}: its Dockerfile is not there";
        }
    }

    /// <summary>Each silo tells others the address that it has; each address that is written somewhere is somebody's.</summary>
    private static IEnumerable<string> AddressFaults(Yaml compose)
    {
        var addresses = compose["services"].Entries.ToDictionary(
            service => service.Name, service => service.Value["networks/gatehouse/ipv4_address"].Text);
        var subnet = IPNetwork.Parse(compose["networks/gatehouse/ipam/config"].Items.Single()["subnet"].Text);
        foreach (var (name, address) in addresses)
        {
            if (!subnet.Contains(IPAddress.Parse(address)) || addresses.Values.Count(other => other == address) > 1)
            {
                yield return $"{name} has no address of its own in the network: {address}";
            }
        }

        foreach (var (name, service) in ProductServices(compose))
        {
            var advertised = service["environment/Gatehouse__Silo__AdvertisedAddress"];
            if (advertised.Exists && advertised.Text != addresses[name])
            {
                yield return $"{name} tells others {advertised.Text}, and is at {addresses[name]}";
            }

            foreach (var (variable, value) in service["environment"].Entries)
            {
                var expected = variable.Contains("Redis", StringComparison.Ordinal) ? $"{addresses["redis"]}:6379,"
                    : variable == "Gatehouse__Archive__ConnectionString" ? $"Host={addresses["postgres"]};"
                    : variable == "Gatehouse__Http__TrustedProxies__0" ? addresses["nginx"] : "";
                if (!value.Text.StartsWith(expected, StringComparison.Ordinal))
                {
                    yield return $"{name}: {variable} does not lead to {expected}";
                }
            }
        }
    }

    private static IEnumerable<string> ProxyFaults(Yaml compose, string nginx)
    {
        var hosts = ProductServices(compose).Where(service => service.Value["build/target"].Text == "api")
            .Select(service => $"{service.Value["networks/gatehouse/ipv4_address"].Text}:{Product.ApiPort}");
        var upstreams = Upstream().Matches(nginx).Select(match => match.Groups["address"].Value);
        if (!hosts.Order().SequenceEqual(upstreams.Order()))
        {
            yield return $"nginx sends to {string.Join(", ", upstreams)}";
        }

        var listens = Regex.Match(nginx, @"listen (\d+);").Groups[1].Value;
        if (compose["services/nginx/ports"].Items.All(port => !port.Text.EndsWith($":{listens}", StringComparison.Ordinal)))
        {
            yield return $"nginx listens on {listens}, which is not published";
        }
    }

    /// <summary>Every secret has to be given, has a place in the example, and none has a value there.</summary>
    private static IEnumerable<string> VariableFaults(Yaml compose, string example)
    {
        var text = Flatten(compose).ToList();
        var used = text.SelectMany(value => Variable().Matches(value)).ToList();
        var given = EnvironmentFile.Read(example).ToList();
        foreach (var optional in used.Where(use => !use.Groups["required"].Success))
        {
            yield return $"{optional.Value} may be empty";
        }

        if (!used.Select(use => use.Groups["name"].Value).Distinct().Order().SequenceEqual(given.Select(one => one.Key).Order()))
        {
            yield return ".env.example names other variables than compose.yaml";
        }

        if (given.Any(one => one.Value.Length > 0))
        {
            yield return ".env.example holds a secret";
        }
    }

    private static IEnumerable<string> Flatten(Yaml yaml) => yaml.Value switch
    {
        string text => [text],
        IDictionary<object, object?> => yaml.Entries.SelectMany(entry => Flatten(entry.Value)),
        IEnumerable<object?> => yaml.Items.SelectMany(Flatten),
        _ => [],
    };

    // Of this repository's own, or a tag with a patch release in it.
    [GeneratedRegex(@"^(gatehouse-\w+:\d+\.\d+\.\d+|[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?)$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"(?m)^\s*server (?<address>[\d.]+:\d+)[ ;]")]
    private static partial Regex Upstream();

    [GeneratedRegex(@"(?<!\$)\$\{(?<name>\w+)(?<required>:\?[^}]*)?\}")]
    private static partial Regex Variable();
}
