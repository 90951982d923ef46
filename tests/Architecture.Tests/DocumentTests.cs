using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Gatehouse.Architecture.Tests;

/// <summary>The documents are true of this code.</summary>
public partial class DocumentTests
{
    [Theory]
    [InlineData("dotnet run --project src/ApiHost")]
    [InlineData("dotnet test Orleans.sln")]
    public void Readme_NamesTheSetUpCommand(string command) =>
        Assert.Contains(command, Read("README.md"), StringComparison.Ordinal);

    [Fact]
    public void Settings_AreAllDocumented()
    {
        var document = Read("docs/settings.md");
        var settings = Options("Gatehouse.Silo", "GatehouseOptions", "Gatehouse")
            .Concat(Options("Gatehouse.ApiHost", "HttpOptions", "Gatehouse:Http"))
            .Concat(Options("Gatehouse.ApiHost", "AuthOptions", "Gatehouse:Auth"))
            .Concat(Options("Gatehouse.Grains", "RateLimitingOptions", "Gatehouse:RateLimiting"))
            .Concat(Options("Gatehouse.Grains", "GlobalRedisOptions", "Gatehouse:GlobalRedis"))
            .Concat(Options("Gatehouse.ApiHost", "DenyCacheOptions", "Gatehouse:RateLimiting"))
            .Concat(Options("Gatehouse.Grains", "SigningKeysOptions", "Gatehouse:SigningKeys"))
            .Concat(Options("Gatehouse.Grains", "AuditOptions", "Gatehouse:Audit"))
            .Concat(Options("Gatehouse.Grains", "ArchiveOptions", "Gatehouse:Archive"))
            .Concat(Options("Gatehouse.Grains", "IdempotencyOptions", "Gatehouse:Idempotency"))
            .Concat(Options("Gatehouse.Grains", "TenantsOptions", "Gatehouse:Tenants")).ToList();
        Assert.True(settings.Count > 15);
        Assert.All(settings, setting => Assert.Contains($"`{setting}`", document, StringComparison.Ordinal));
    }

    [Fact]
    public void Routes_AreAllInTheHttpGuide()
    {
        var guide = Read("docs/http-api.md");
        var groups = from file in SourceTree.Production
                     where file.Project == "src/ApiHost"
                     from Match match in Group().Matches(file.Text)
                     select match.Groups[1].Value;
        Assert.NotEmpty(groups);
        Assert.All(groups, group => Assert.Contains(group, guide, StringComparison.Ordinal));
    }

    [Fact]
    public void Links_LeadSomewhere()
    {
        var broken = from path in Directory.EnumerateFiles(SourceTree.Root, "*.md", SearchOption.AllDirectories)
                     where !SourceTree.Relative(path).Split('/').Any(part => part is "bin" or "obj" or "node_modules")
                     from Match link in Link().Matches(File.ReadAllText(path))
                     let target = Path.Combine(Path.GetDirectoryName(path)!, link.Groups[1].Value.Split('#')[0])
                     where !Path.Exists(target)
                     select $"{SourceTree.Relative(path)} -> {link.Groups[1].Value}";
        Assert.Empty(broken);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(SourceTree.Root, path));

    private static IEnumerable<string> Options(string assembly, string type, string prefix) =>
        Settings(Assembly.Load(assembly).GetTypes().Single(t => t.Name == type), prefix);

    private static IEnumerable<string> Settings(Type type, string prefix) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.CanWrite || property.PropertyType.IsAssignableTo(typeof(IEnumerable))
        from name in property.PropertyType.Namespace == type.Namespace && property.PropertyType.IsClass
            ? Settings(property.PropertyType, $"{prefix}:{property.Name}")
            : [$"{prefix}:{property.Name}"]
        select name;

    [GeneratedRegex(@"MapGroup\(""([^""]+)""\)")]
    private static partial Regex Group();

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)([^)\s]+)\)")]
    private static partial Regex Link();
}
