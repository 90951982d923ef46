using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.ApiHost.Hosting;
using Gatehouse.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gatehouse.Deploy.Tests;

/// <summary>One of the two programs, as its code has it: what deployments are held against.</summary>
/// <param name="Name">Of its assembly.</param>
/// <param name="ShutdownTimeout">How long it may take to end.</param>
/// <param name="Routes">What it answers, on any of its listeners.</param>
internal sealed record ProductProgram(string Name, TimeSpan ShutdownTimeout, IReadOnlySet<string> Routes);

/// <summary>What the code says of itself. Both programs are composed as in production, and not started.</summary>
internal static partial class Product
{
    private const string Anywhere = "127.0.0.1:1";

    private static readonly Lazy<ProductProgram> ComposedApi = new(() => Look(typeof(GatehouseHost), GatehouseHost.Build(
    [
        "--Gatehouse:Topology=Client", $"--Gatehouse:Redis:ConnectionString={Anywhere}", "--Gatehouse:Admin:Port=8081",
        "--environment=Production",
    ])));

    private static readonly Lazy<ProductProgram> ComposedSilo = new(() => Look(typeof(SiloHost), SiloHost.Build(
    [
        $"--Gatehouse:Redis:ConnectionString={Anywhere}", "--environment=Production",
        $"--Gatehouse:SigningKeys:Kek={Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(i => (byte)i)])}",
        "--Gatehouse:Archive:Provider=Postgres", "--Gatehouse:Archive:ConnectionString=Host=127.0.0.1;Database=d",
    ])));

    /// <summary>The HTTP API as a client of silos.</summary>
    public static ProductProgram Api => ComposedApi.Value;

    /// <summary>A silo's own process.</summary>
    public static ProductProgram Silo => ComposedSilo.Value;

    /// <summary>The defaults of a silo's endpoints.</summary>
    public static SiloOptions SiloDefaults { get; } = new();

    /// <summary>Where the API listens unless it is told otherwise.</summary>
    public static int ApiPort { get; } = new Uri((string)typeof(GatehouseHost)
        .GetField("DefaultUrl", BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue()!).Port;

    private static readonly string[] Projects = ["ApiHost", "Silo", "Grains"];

    private static readonly Dictionary<string, List<Type>> Sections = ReadSections();

    /// <summary>Whether the name of an environment variable, such as <c>Gatehouse__Region</c>, is a setting.</summary>
    public static bool IsSetting(string variable)
    {
        var parts = variable.Split("__");
        return Enumerable.Range(1, parts.Length - 1).Any(length =>
            Sections.TryGetValue(string.Join(':', parts[..length]), out var types)
            && types.Any(type => IsPath(type, parts[length..])));
    }

    private static bool IsPath(Type type, string[] path)
    {
        var property = type.GetProperty(path[0], BindingFlags.Public | BindingFlags.Instance);
        if (property is null)
        {
            return false;
        }

        return path.Length == 1
            ? !IsList(property.PropertyType) && !IsSection(property.PropertyType)
            : IsList(property.PropertyType)
                ? path.Length == 2 && int.TryParse(path[1], out _)
                : IsPath(property.PropertyType, path[1..]);
    }

    private static bool IsList(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));

    private static bool IsSection(Type type) => type.IsClass && type.Namespace!.StartsWith("Gatehouse", StringComparison.Ordinal);

    /// <summary>Which options are bound to which section, as the code registers them.</summary>
    private static Dictionary<string, List<Type>> ReadSections()
    {
        var grains = Assembly.Load("Gatehouse.Grains");
        var types = new[] { typeof(SiloOptions).Assembly, typeof(GatehouseHost).Assembly, grains }
            .SelectMany(assembly => assembly.GetTypes()).ToLookup(type => type.Name);
        var bound = from project in Projects
                    from file in Directory.EnumerateFiles(Repository.PathOf("src", project), "*.cs", SearchOption.AllDirectories)
                    from Match match in Binding().Matches(File.ReadAllText(file))
                    from type in types[match.Groups["type"].Value]
                    select (Section: match.Groups["section"].Value, Type: type);
        return bound.Append(("Gatehouse", typeof(GatehouseOptions))).GroupBy(pair => pair.Item1, pair => pair.Item2)
            .ToDictionary(group => group.Key, group => group.ToList());
    }

    private static ProductProgram Look(Type composer, WebApplication app)
    {
        var routes = ((IEndpointRouteBuilder)app).DataSources
            .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}").ToHashSet();
        var host = app.Services.GetRequiredService<IOptions<HostOptions>>().Value;
        return new ProductProgram(composer.Assembly.GetName().Name!, host.ShutdownTimeout, routes);
    }

    [GeneratedRegex(@"AddOptions<(?<type>\w+)>\(\)\s*\.BindConfiguration\(""(?<section>Gatehouse[\w:]*)""\)")]
    private static partial Regex Binding();
}
