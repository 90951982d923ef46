using k8s.Models;

namespace Gatehouse.Deploy.Tests.Kubernetes;

/// <summary>Which labels a selector finds.</summary>
internal static class Labels
{
    public static bool Match(IDictionary<string, string>? selector, IDictionary<string, string> labels) =>
        selector is null || selector.All(pair => labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    public static IEnumerable<V1PodTemplateSpec> Find(this Region region, V1LabelSelector selector) =>
        region.Deployments.Select(deployment => deployment.Spec.Template)
            .Where(pod => Match(selector.MatchLabels, pod.Metadata.Labels));
}

/// <summary>The Secret that an operator makes.</summary>
internal static class SecretExample
{
    private static readonly V1Secret Example =
        Region.Load(File.ReadAllText(Region.Root("secret.example.yaml"))).OfType<V1Secret>().Single();

    public static ICollection<string> Values => Example.StringData.Values;

    public static bool Has(string secret, string key) =>
        Example.Metadata.Name == secret && Example.StringData.ContainsKey(key);
}
