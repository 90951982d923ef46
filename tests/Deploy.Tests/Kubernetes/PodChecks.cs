using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Deploy.Tests.Docker;
using k8s.Models;

namespace Gatehouse.Deploy.Tests.Kubernetes;

/// <summary>What is wrong with the pods of a region, held against the code and the images.</summary>
internal static partial class PodChecks
{
    private const int OthersMayRead = 0b111;

    public static IEnumerable<string> Faults(Region region) => region.Deployments.SelectMany(deployment =>
    {
        var pod = deployment.Spec.Template;
        var container = pod.Spec.Containers.Single();
        var program = ProgramOf(container);
        return ShapeFaults(region, deployment)
            .Concat(ProbeFaults(container, program))
            .Concat(StopFaults(pod.Spec, container, program))
            .Concat(PortFaults(container, program))
            .Concat(EnvironmentFaults(region, container))
            .Concat(SecurityFaults(pod.Spec, container))
            .Concat(KekFaults(pod.Spec, container))
            .Select(fault => $"{deployment.Metadata.Name}: {fault}");
    });

    private static ProductProgram ProgramOf(V1Container container) => container.Name == "api" ? Product.Api : Product.Silo;

    private static string? Setting(V1Container container, string name) =>
        container.Env.SingleOrDefault(variable => variable.Name == name)?.Value;

    private static IEnumerable<string> ShapeFaults(Region region, V1Deployment deployment)
    {
        var pod = deployment.Spec.Template;
        if (!Labels.Match(deployment.Spec.Selector.MatchLabels, pod.Metadata.Labels))
        {
            yield return "its selector does not find its pods";
        }

        foreach (var spread in pod.Spec.TopologySpreadConstraints)
        {
            if (!Labels.Match(spread.LabelSelector.MatchLabels, pod.Metadata.Labels))
            {
                yield return $"the spread over {spread.TopologyKey} counts other pods";
            }
        }

        var account = region.Objects.OfType<V1ServiceAccount>()
            .SingleOrDefault(account => account.Metadata.Name == pod.Spec.ServiceAccountName);
        if (account is not { AutomountServiceAccountToken: false } || pod.Spec.AutomountServiceAccountToken != false)
        {
            yield return "it has a token of the Kubernetes API";
        }

        if (pod.Metadata.Annotations["prometheus.io/port"] is var port
            && pod.Spec.Containers[0].Ports.All(open => open.ContainerPort != int.Parse(port, CultureInfo.InvariantCulture)))
        {
            yield return $"Prometheus is told port {port}, which it does not open";
        }
    }

    private static IEnumerable<string> ProbeFaults(V1Container container, ProductProgram program)
    {
        var probes = new Dictionary<string, V1HTTPGetAction>
        {
            ["startup"] = container.StartupProbe.HttpGet,
            ["readiness"] = container.ReadinessProbe.HttpGet,
            ["liveness"] = container.LivenessProbe.HttpGet,
        };
        foreach (var (name, probe) in probes)
        {
            if (!program.Routes.Contains(probe.Path))
            {
                yield return $"its {name} probe asks {probe.Path}, which is no route";
            }

            if (container.Ports.All(port => port.Name != probe.Port.Value))
            {
                yield return $"its {name} probe asks port {probe.Port.Value}, which it does not open";
            }
        }

        if (probes.Values.Select(probe => probe.Path).Distinct().Count() < probes.Count)
        {
            yield return "two probes ask the same: a store that is away would restart every pod";
        }
    }

    private static IEnumerable<string> StopFaults(V1PodSpec pod, V1Container container, ProductProgram program)
    {
        var sleep = TimeSpan.FromSeconds(container.Lifecycle?.PreStop?.Sleep?.Seconds ?? 0);
        var needed = sleep + program.ShutdownTimeout + TimeSpan.FromSeconds(5);
        if (TimeSpan.FromSeconds(pod.TerminationGracePeriodSeconds ?? 30) < needed)
        {
            yield return $"it is killed before preStop ({sleep}) and the host's own limit ({program.ShutdownTimeout}) are over";
        }

        if (container.Name == "api" && sleep < TimeSpan.FromSeconds(5))
        {
            yield return "it stops accepting before load balancers know";
        }
    }

    private static IEnumerable<string> PortFaults(V1Container container, ProductProgram program)
    {
        var expected = program == Product.Api
            ? new Dictionary<string, int>
            {
                ["http"] = Product.ApiPort,
                ["admin"] = int.Parse(Setting(container, "Gatehouse__Admin__Port")!, CultureInfo.InvariantCulture),
            }
            : new Dictionary<string, int>
            {
                ["silo"] = Product.SiloDefaults.Port,
                ["gateway"] = Product.SiloDefaults.GatewayPort,
                ["health"] = Product.SiloDefaults.HealthPort,
            };
        var actual = container.Ports.ToDictionary(port => port.Name, port => port.ContainerPort);
        if (!actual.OrderBy(port => port.Key).SequenceEqual(expected.OrderBy(port => port.Key)))
        {
            yield return $"it opens {string.Join(", ", actual)}, the program {string.Join(", ", expected)}";
        }

        var image = Dockerfile.Shipped.Stage(container.Name).Ports;
        if (!image.Order().SequenceEqual(actual.Values.Order()))
        {
            yield return $"its image says {string.Join(", ", image)}";
        }
    }

    private static IEnumerable<string> EnvironmentFaults(Region region, V1Container container)
    {
        var maps = container.EnvFrom.Select(source => region.Objects.OfType<V1ConfigMap>()
            .SingleOrDefault(map => map.Metadata.Name == source.ConfigMapRef.Name));
        if (maps.Any(map => map is null))
        {
            yield return "a ConfigMap that it reads is not there";
            yield break;
        }

        var known = maps.SelectMany(map => map!.Data.Keys).ToHashSet();
        foreach (var variable in container.Env)
        {
            foreach (Match used in Use().Matches(variable.Value ?? ""))
            {
                if (!known.Contains(used.Groups["name"].Value))
                {
                    yield return $"{variable.Name} uses {used.Value} before it is defined";
                }
            }

            if (variable.ValueFrom?.SecretKeyRef is { } secret && !SecretExample.Has(secret.Name, secret.Key))
            {
                yield return $"{variable.Name} reads {secret.Key}, which secret.example.yaml does not name";
            }

            known.Add(variable.Name);
        }

        foreach (var name in known.Where(name => name.StartsWith("Gatehouse", StringComparison.Ordinal)
            && !Product.IsSetting(name)))
        {
            yield return $"{name} is no setting";
        }
    }

    private static IEnumerable<string> SecurityFaults(V1PodSpec pod, V1Container container)
    {
        if (pod.SecurityContext is not { RunAsNonRoot: true, SeccompProfile.Type: "RuntimeDefault" }
            || $"{pod.SecurityContext.RunAsUser}:{pod.SecurityContext.RunAsGroup}" != Dockerfile.Shipped.User)
        {
            yield return $"its user is not the image's, {Dockerfile.Shipped.User}";
        }

        if (container.SecurityContext is not { AllowPrivilegeEscalation: false, ReadOnlyRootFilesystem: true }
            || container.SecurityContext.Capabilities.Drop is not ["ALL"])
        {
            yield return "it could get rights that it does not need";
        }

        if (!container.Resources.Limits.TryGetValue("memory", out var limit)
            || !container.Resources.Requests.TryGetValue("memory", out var request) || limit.ToString() != request.ToString())
        {
            yield return "its memory is not reserved, or not bounded";
        }
    }

    /// <summary>The file with the key-encryption key is where the setting says, and others cannot read it.</summary>
    private static IEnumerable<string> KekFaults(V1PodSpec pod, V1Container container)
    {
        if (container.Name != "silo")
        {
            yield break;
        }

        var path = Setting(container, "Gatehouse__SigningKeys__KekFile");
        var mount = container.VolumeMounts.Single();
        var volume = pod.Volumes.Single(volume => volume.Name == mount.Name);
        if (volume.Secret.Items.All(item => $"{mount.MountPath}/{item.Path}" != path
            || !SecretExample.Has(volume.Secret.SecretName, item.Key)))
        {
            yield return $"nothing is mounted at {path}";
        }

        if ((volume.Secret.DefaultMode & OthersMayRead) != 0 || pod.SecurityContext.FsGroup != pod.SecurityContext.RunAsGroup)
        {
            yield return "its key-encryption key can be read by others, or not by itself";
        }
    }

    [GeneratedRegex(@"\$\((?<name>\w+)\)")]
    private static partial Regex Use();
}
