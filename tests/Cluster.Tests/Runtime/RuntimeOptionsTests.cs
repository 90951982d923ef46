using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.Silo;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Gatehouse.Cluster.Tests.Runtime;

/// <summary>docs/operations/runtime.md says what the code sets, all of it, and nothing else.</summary>
public partial class RuntimeOptionsTests
{
    // Said on the page because their default looks like an omission.
    private static readonly string[] StatedDefaults = ["LoadSheddingOptions.LoadSheddingEnabled"];

    private static readonly string Page = File.ReadAllText(Path.Combine(
        typeof(RuntimeOptionsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!, "docs", "operations", "runtime.md"));

    [Fact]
    public void SiloOptions_AreThoseOfThePage() => Compare("Silo",
        Services(services => new Builder(services).ConfigureSilo()),
        typeof(ClusterMembershipOptions), typeof(GrainCollectionOptions), typeof(SiloMessagingOptions),
        typeof(ConnectionOptions), typeof(LoadSheddingOptions), typeof(SchedulingOptions));

    [Fact]
    public void ClientOptions_AreThoseOfThePage() => Compare("Client",
        Services(services => new Builder(services).ConfigureClient()),
        typeof(ClientMessagingOptions), typeof(ConnectionOptions), typeof(GatewayOptions));

    [Fact]
    public void HostOptions_AreThoseOfThePage()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.ConfigureGatehouseHost();
        var services = builder.Services.BuildServiceProvider();
        Compare("Host", services, typeof(HostOptions));

        var silenced = services.GetRequiredService<IOptions<LoggerFilterOptions>>().Value.Rules
            .Where(rule => rule.LogLevel is LogLevel.Critical).Select(rule => rule.CategoryName!).ToList();
        Assert.Equal(4, silenced.Count);
        Assert.All(silenced, category => Assert.Contains($"`{category}`", Page, StringComparison.Ordinal));
    }

    private static void Compare(string section, IServiceProvider services, params Type[] optionTypes)
    {
        var stated = Section(section);
        var set = (from type in optionTypes
                   let options = services.GetRequiredService(typeof(IOptions<>).MakeGenericType(type))
                   let actual = options.GetType().GetProperty("Value")!.GetValue(options)
                   let fresh = Activator.CreateInstance(type)
                   from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                   where property.GetCustomAttribute<ObsoleteAttribute>() is null && property.GetIndexParameters() is []
                   let name = $"{type.Name}.{property.Name}"
                   let value = Text(property.GetValue(actual))
                   where value != Text(property.GetValue(fresh)) || StatedDefaults.Contains(name)
                   select (name, value)).ToDictionary();
        Assert.NotEmpty(set);
        Assert.Equal(set.OrderBy(option => option.Key), stated.OrderBy(option => option.Key));
    }

    private static Dictionary<string, string> Section(string name)
    {
        var start = Page.IndexOf($"\n## {name}\n", StringComparison.Ordinal);
        var end = Page.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return Row().Matches(Page[start..(end < 0 ? Page.Length : end)])
            .ToDictionary(row => row.Groups["option"].Value, row => row.Groups["value"].Value);
    }

    private static string Text(object? value) => value switch
    {
        IEnumerable<KeyValuePair<string, TimeSpan>> ages =>
            string.Join(", ", ages.Select(age => $"{age.Key.Split('.')[^1]} {Text(age.Value)}")),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static ServiceProvider Services(Action<IServiceCollection> configure)
    {
        var services = new ServiceCollection();
        configure(services);
        return services.BuildServiceProvider();
    }

    [GeneratedRegex(@"^\| `(?<option>[\w.]+)` \| (?<value>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    private sealed record Builder(IServiceCollection Services) : ISiloBuilder, IClientBuilder
    {
        public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();

        public void ConfigureSilo() => ((ISiloBuilder)this).ConfigureGatehouseRuntime();

        public void ConfigureClient() => ((IClientBuilder)this).ConfigureGatehouseRuntime();
    }
}
