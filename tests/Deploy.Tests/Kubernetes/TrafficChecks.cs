using System.Globalization;
using k8s.Models;

namespace Gatehouse.Deploy.Tests.Kubernetes;

/// <summary>What is wrong with who may reach whom, and with what keeps pods up.</summary>
internal static class TrafficChecks
{
    public static IEnumerable<string> Faults(Region region) => ServiceFaults(region)
        .Concat(AvailabilityFaults(region))
        .Concat(region.Objects.OfType<V1NetworkPolicy>().SelectMany(policy => PolicyFaults(region, policy)))
        .Concat(ClosedFaults(region));

    private static IEnumerable<string> ServiceFaults(Region region) =>
        from service in region.Objects.OfType<V1Service>()
        let pods = region.Find(new V1LabelSelector { MatchLabels = service.Spec.Selector }).ToList()
        from port in service.Spec.Ports
        where pods.Count == 0 || !pods.All(pod => Opens(pod, port.TargetPort.Value))
        select $"Service {service.Metadata.Name}: no pod opens {port.TargetPort.Value}";

    private static IEnumerable<string> AvailabilityFaults(Region region)
    {
        foreach (var deployment in region.Deployments)
        {
            var budgets = region.Objects.OfType<V1PodDisruptionBudget>()
                .Where(budget => Labels.Match(budget.Spec.Selector.MatchLabels, deployment.Spec.Template.Metadata.Labels));
            if (budgets.Count() != 1)
            {
                yield return $"{deployment.Metadata.Name} has {budgets.Count()} disruption budgets";
            }
        }

        foreach (var scaler in region.Objects.OfType<V2HorizontalPodAutoscaler>())
        {
            var target = region.Deployments.SingleOrDefault(
                deployment => deployment.Metadata.Name == scaler.Spec.ScaleTargetRef.Name);
            if (target is null || target.Spec.Replicas is not null)
            {
                yield return $"{scaler.Spec.ScaleTargetRef.Name} is not scaled, or has a number of its own";
            }
        }
    }

    private static IEnumerable<string> PolicyFaults(Region region, V1NetworkPolicy policy)
    {
        var pods = region.Find(policy.Spec.PodSelector).ToList();
        if (pods.Count == 0)
        {
            yield return $"policy {policy.Metadata.Name} finds no pod";
        }

        foreach (var port in (policy.Spec.Ingress ?? []).SelectMany(rule => rule.Ports).Select(port => port.Port.Value))
        {
            if (!pods.All(pod => Opens(pod, port)))
            {
                yield return $"policy {policy.Metadata.Name} opens {port}, which its pods do not";
            }
        }

        var reached = from rule in policy.Spec.Egress ?? []
                      from peer in rule.To
                      where peer.PodSelector is not null && peer.NamespaceSelector is null
                      from port in rule.Ports
                      select (peer.PodSelector, Port: port.Port.Value);
        foreach (var (selector, port) in reached)
        {
            if (!region.Find(selector).Any() || !region.Find(selector).All(target => IsLetIn(region, pods, target, port)))
            {
                yield return $"policy {policy.Metadata.Name} lets out to {port}, where nobody is let in";
            }
        }
    }

    /// <summary>Whether some policy of the target lets these pods in at that port.</summary>
    private static bool IsLetIn(Region region, List<V1PodTemplateSpec> from, V1PodTemplateSpec target, string port) =>
        region.Objects.OfType<V1NetworkPolicy>()
            .Where(policy => Labels.Match(policy.Spec.PodSelector.MatchLabels, target.Metadata.Labels))
            .SelectMany(policy => policy.Spec.Ingress ?? [])
            .Where(rule => rule.Ports.Any(open => Number(target, open.Port.Value) == Number(target, port)))
            .SelectMany(rule => rule.FromProperty)
            .Any(peer => peer.PodSelector is { } selector
                && from.All(pod => Labels.Match(selector.MatchLabels, pod.Metadata.Labels)));

    /// <summary>What must never be open to whoever asks.</summary>
    private static IEnumerable<string> ClosedFaults(Region region)
    {
        var policies = region.Objects.OfType<V1NetworkPolicy>().ToList();
        if (!policies.Any(policy => policy.Spec.PodSelector.MatchLabels is null or { Count: 0 }
            && policy.Spec.PolicyTypes is ["Ingress", "Egress"] && policy.Spec.Ingress is null && policy.Spec.Egress is null))
        {
            yield return "nothing denies by default";
        }

        foreach (var rule in policies.SelectMany(policy => policy.Spec.Ingress ?? []))
        {
            if (rule.FromProperty is null or { Count: 0 } || rule.Ports is null or { Count: 0 })
            {
                yield return "a policy lets in from anywhere, or to any port";
            }
            else if (rule.Ports.Any(port => port.Port.Value is "silo" or "gateway")
                && rule.FromProperty.Any(peer => peer.PodSelector is null))
            {
                yield return "a port that trusts whoever reaches it is open to other namespaces";
            }
        }
    }

    private static bool Opens(V1PodTemplateSpec pod, string port) => Number(pod, port) is not null;

    private static int? Number(V1PodTemplateSpec pod, string port) =>
        pod.Spec.Containers.SelectMany(container => container.Ports).SingleOrDefault(open =>
            open.Name == port || open.ContainerPort.ToString(CultureInfo.InvariantCulture) == port)?.ContainerPort;
}
