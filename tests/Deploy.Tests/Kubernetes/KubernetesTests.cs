using Gatehouse.Chaos.Tests.Processes;
using k8s.Models;

namespace Gatehouse.Deploy.Tests.Kubernetes;

/// <summary>The manifests are what the API server would take, and fit the code, the images and each other.</summary>
public class KubernetesTests
{
    public static TheoryData<string> Overlays => [.. Region.Overlays];

    [Fact]
    public void Overlays_AreTwoRegionsAtLeast() => Assert.True(Region.Overlays.Count >= 2);

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Region_FitsTheCodeAndItself(string overlay) => Assert.Empty(Faults(Region.Compose(overlay)));

    /// <summary>The same of what kustomize itself makes, where it is installed; the test above does without.</summary>
    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Region_BuiltByKustomize_IsTheSame(string overlay)
    {
        var composed = Region.Compose(overlay);
        if (Programs.Find("kubectl") is null)
        {
            Assert.NotEmpty(composed.Objects);
            return;
        }

        var result = await Tool.RunAsync("kubectl", "kubernetes-client", ["kustomize", Region.Root("overlays", overlay)]);
        Assert.True(result.ExitCode == 0, result.All);
        var built = new Region(overlay, Region.Load(result.Output));

        Assert.Empty(Faults(built));
        Assert.Equal(composed.Objects.Count, built.Objects.Count);
        Assert.All(built.Deployments, deployment => Assert.Contains(
            Region.Kustomization("overlays", overlay).Images,
            image => deployment.Spec.Template.Spec.Containers[0].Image == $"{image.NewName}:{image.NewTag}"));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Kustomization_NamesEveryFileAndNoOther(string overlay)
    {
        Assert.Equal(["../../base"], Region.Kustomization("overlays", overlay).Resources);
        foreach (var folder in new string[][] { ["base"], ["overlays", overlay] })
        {
            var files = Region.Kustomization(folder).Files.Where(file => file != "../../base");
            Assert.Equal(
                Directory.EnumerateFiles(Region.Root(folder)).Select(Path.GetFileName)
                    .Where(file => file != "kustomization.yaml").Order(),
                files.Order());
        }
    }

    [Fact]
    public void Regions_ShareNoNameNoRedisAndHaveOneForAll()
    {
        var regions = Region.Overlays.Select(overlay =>
            Region.Compose(overlay).Objects.OfType<V1ConfigMap>().Single().Data).ToList();

        Assert.Equal(Region.Overlays, regions.Select(region => region["Gatehouse__Region"]));
        Assert.Equal(regions.Count, regions.Select(region => region["REDIS_ADDRESS"]).Distinct().Count());
        Assert.Single(regions.Select(region => region["GLOBAL_REDIS_ADDRESS"]).Distinct());
        Assert.All(regions, region => Assert.Equal($"{regions.Count}", region["Gatehouse__GlobalRedis__RegionsMin"]));
    }

    [Fact]
    public void Secret_IsAnExampleWithoutAValue() => Assert.All(SecretExample.Values, Assert.Empty);

    /// <summary>What is wrong is found.</summary>
    [Theory]
    [InlineData("path: /health/live", "path: /health/ready", "two probes ask the same")]
    [InlineData("path: /health/startup", "path: /health/started", "which is no route")]
    [InlineData("port: health", "port: healthy", "which it does not open")]
    [InlineData("terminationGracePeriodSeconds: 90", "terminationGracePeriodSeconds: 60", "killed before")]
    [InlineData("terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 45", "killed before")]
    [InlineData("seconds: 15", "seconds: 1", "stops accepting before")]
    [InlineData("containerPort: 11111", "containerPort: 11112", "the program [")]
    [InlineData("Gatehouse__Silo__HealthAddress", "Gatehouse__Silo__HealthAdress", "is no setting")]
    [InlineData("name: POD_IP", "name: POD_ADDRESS", "before it is defined")]
    [InlineData("key: redis-data-password", "key: redis-password", "does not name")]
    [InlineData("Gatehouse__Region=", "Gatehouse__Regions=", "is no setting")]
    [InlineData("runAsUser: 1654", "runAsUser: 1000", "is not the image's")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "could get rights")]
    [InlineData("mountPath: /var/run/gatehouse", "mountPath: /var/run/keys", "nothing is mounted")]
    [InlineData("defaultMode: 288", "defaultMode: 292", "read by others")]
    [InlineData("automountServiceAccountToken: false", "automountServiceAccountToken: true", "a token")]
    [InlineData("targetPort: http", "targetPort: web", "no pod opens")]
    [InlineData("port: 30000", "port: 30001", "nobody is let in")]
    [InlineData("port: gateway", "port: gate", "which its pods do not")]
    [InlineData("app.kubernetes.io/part-of: gatehouse\n      ann", "app.kubernetes.io/part-of: other\n      ann", "finds no pod")]
    [InlineData("  name: default-deny\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]",
        "  name: default-deny\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]", "nothing denies")]
    public void Fault_IsFound(string shipped, string instead, string fault)
    {
        var touched = false;
        var region = Region.Compose(Region.Overlays[0], text =>
        {
            touched |= text.Contains(shipped, StringComparison.Ordinal);
            return text.Replace(shipped, instead, StringComparison.Ordinal);
        });

        Assert.True(touched, "Nothing was changed.");
        Assert.Contains(Faults(region), found => found.Contains(fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("failureThreshold", "failureTreshold")]
    [InlineData("policy/v1", "policy/v9")]
    [InlineData("replicas: 3", "replicas: three")]
    public void Word_ThatTheApiDoesNotKnow_IsRefused(string shipped, string instead) =>
        Assert.ThrowsAny<Exception>(() => Region.Compose(
            Region.Overlays[0], text => text.Replace(shipped, instead, StringComparison.Ordinal)));

    private static List<string> Faults(Region region) => [.. PodChecks.Faults(region), .. TrafficChecks.Faults(region)];
}
