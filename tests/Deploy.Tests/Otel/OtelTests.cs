namespace Gatehouse.Deploy.Tests.Otel;

/// <summary>The collector's pipelines hold together, and nothing leaves that may name a caller or hold a credential.</summary>
public class OtelTests
{
    private static readonly string[] Kinds = ["receivers", "processors", "exporters"];

    private static readonly string Shipped = Repository.Read("deploy", "otel", "collector.yaml");

    [Fact]
    public void Collector_HoldsTogether() => Assert.Empty(Faults(Shipped));

    [Theory]
    [InlineData("receivers: [otlp]", "receivers: [otpl]", "otpl is not defined")]
    [InlineData("exporters: [prometheus]", "exporters: [otlp/backend]", "prometheus is not used")]
    [InlineData("[memory_limiter, attributes/redact, resource,", "[attributes/redact, memory_limiter, resource,", "memory")]
    [InlineData("resource, batch]", "batch, resource]", "batches")]
    [InlineData("attributes/redact, redaction,", "redaction,", "redacted")]
    [InlineData("attributes/redact, redaction,", "attributes/redact,", "redacted")]
    [InlineData("extensions: [health_check]", "extensions: []", "health_check is not used")]
    [InlineData("${env:COLLECTOR_ADDRESS:-127.0.0.1}:4317", "0.0.0.0:4317", "all addresses")]
    [InlineData("insecure: false", "insecure: true", "TLS")]
    public void Fault_IsFound(string shipped, string instead, string fault)
    {
        Assert.Contains(shipped, Shipped, StringComparison.Ordinal);

        Assert.Contains(
            Faults(Shipped.Replace(shipped, instead, StringComparison.Ordinal)),
            found => found.Contains(fault, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Faults(string text)
    {
        var collector = Yaml.Parse(text);
        foreach (var fault in Kinds.SelectMany(kind => UseFaults(
            collector[kind], collector["service/pipelines"].Entries.SelectMany(pipeline => pipeline.Value[kind].Items))))
        {
            yield return fault;
        }

        foreach (var fault in UseFaults(collector["extensions"], collector["service/extensions"].Items))
        {
            yield return fault;
        }

        foreach (var (name, pipeline) in collector["service/pipelines"].Entries)
        {
            var steps = pipeline["processors"].Items.Select(step => step.Text).ToList();
            if (steps[0] != "memory_limiter" || steps[^1] != "batch")
            {
                yield return $"{name}: memory is not limited first, or batches are not made last";
            }

            if (!steps.Contains("attributes/redact") || (name != "metrics" && !steps.Contains("redaction")))
            {
                yield return $"{name} leaves without being redacted";
            }
        }

        if (text.Contains("0.0.0.0", StringComparison.Ordinal))
        {
            yield return "it listens on all addresses";
        }

        if (!IsEncrypted(collector))
        {
            yield return "what it sends is not under TLS";
        }
    }

    private static bool IsEncrypted(Yaml collector) => collector["exporters"].Entries
        .Where(exporter => exporter.Name.StartsWith("otlp", StringComparison.Ordinal))
        .All(exporter => exporter.Value["tls/insecure"].Text == "false");

    private static IEnumerable<string> UseFaults(Yaml defined, IEnumerable<Yaml> used)
    {
        var (names, uses) = (defined.Entries.Select(one => one.Name).ToHashSet(), used.Select(one => one.Text).ToHashSet());
        return uses.Except(names).Select(name => $"{name} is not defined")
            .Concat(names.Except(uses).Select(name => $"{name} is not used"));
    }
}
