using k8s;
using k8s.Models;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Gatehouse.Deploy.Tests.Kubernetes;

/// <summary>All that an overlay gives to the API server, as far as the checks need it.</summary>
internal sealed record Region(string Name, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects)
{
    public static IReadOnlyList<string> Overlays { get; } =
        [.. Directory.EnumerateDirectories(Root("overlays")).Select(folder => Path.GetFileName(folder)!).Order()];

    public IEnumerable<V1Deployment> Deployments => Objects.OfType<V1Deployment>();

    public static string Root(params string[] parts) => Repository.PathOf(["deploy", "kubernetes", .. parts]);

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Load(string yaml) =>
        [.. KubernetesYaml.LoadAllFromString(yaml, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];

    public static Kustomization Kustomization(params string[] folder) => new DeserializerBuilder()
        .WithNamingConvention(CamelCaseNamingConvention.Instance).Build()
        .Deserialize<Kustomization>(File.ReadAllText(Path.Combine(Root(folder), "kustomization.yaml")));

    /// <summary>What kustomize makes of the base and an overlay, done by hand for the parts that are used.</summary>
    /// <param name="overlay">Which one.</param>
    /// <param name="edit">A change of the text of each file, to see what the checks make of it.</param>
    public static Region Compose(string overlay, Func<string, string>? edit = null)
    {
        edit ??= text => text;
        var kustomization = Kustomization("overlays", overlay);
        var objects = Kustomization("base").Resources
            .SelectMany(file => Load(edit(File.ReadAllText(Root("base", file))))).ToList();
        foreach (var patch in kustomization.Patches.SelectMany(
            patch => Load(edit(File.ReadAllText(Root("overlays", overlay, patch.Path))))))
        {
            // A list without a merge key is replaced by the patch's.
            var policy = objects.OfType<V1NetworkPolicy>().Single(policy => policy.Metadata.Name == patch.Metadata.Name);
            policy.Spec.Egress = ((V1NetworkPolicy)patch).Spec.Egress;
        }

        objects.AddRange(kustomization.ConfigMapGenerator.Select(map => new V1ConfigMap
        {
            Metadata = new V1ObjectMeta { Name = map.Name },
            Data = map.Envs.SelectMany(file => EnvironmentFile.Read(edit(File.ReadAllText(Root("overlays", overlay, file)))))
                .ToDictionary(),
        }));
        return new Region(overlay, objects);
    }
}

/// <summary>The parts of a kustomization that are used here; any other fails the test that reads it.</summary>
internal sealed class Kustomization
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public string Namespace { get; set; } = "";

    public List<string> Resources { get; set; } = [];

    public List<KustomizationLabels> Labels { get; set; } = [];

    public List<KustomizationImage> Images { get; set; } = [];

    public List<KustomizationConfigMap> ConfigMapGenerator { get; set; } = [];

    public List<KustomizationPatch> Patches { get; set; } = [];

    /// <summary>The files that it is made of.</summary>
    public IEnumerable<string> Files => Resources.Concat(Patches.Select(patch => patch.Path))
        .Concat(ConfigMapGenerator.SelectMany(map => map.Envs));
}

internal sealed class KustomizationLabels
{
    public Dictionary<string, string> Pairs { get; set; } = [];
}

internal sealed class KustomizationImage
{
    public string Name { get; set; } = "";

    public string NewName { get; set; } = "";

    public string NewTag { get; set; } = "";
}

internal sealed class KustomizationConfigMap
{
    public string Name { get; set; } = "";

    public string Namespace { get; set; } = "";

    public List<string> Envs { get; set; } = [];
}

internal sealed class KustomizationPatch
{
    public string Path { get; set; } = "";
}
