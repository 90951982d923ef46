using System.Xml.Linq;

namespace Gatehouse.Sbom;

/// <summary>What a package says of itself.</summary>
/// <param name="License">An SPDX expression; null: it has none.</param>
/// <param name="LicenseText">Where else its licence is: a file of the package, or an address.</param>
/// <param name="IsForDevelopment">It takes part in the build and is in no program.</param>
internal sealed record PackageFacts(string? License, string? LicenseText, bool IsForDevelopment);

/// <summary>Packages as they were restored: a lock file knows neither licences nor what a package is for.</summary>
internal sealed record PackageFolder(string Path)
{
    public static PackageFolder OfThisUser() => new(
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set : System.IO.Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"));

    /// <summary>Null: it was not restored here.</summary>
    public PackageFacts? Read(LockedPackage package)
    {
        var (id, version) = (package.Name.ToLowerInvariant(), package.Version.ToLowerInvariant());
        var path = System.IO.Path.Combine(Path, id, version, $"{id}.nuspec");
        if (!File.Exists(path))
        {
            return null;
        }

        var members = XDocument.Load(path).Root!.Elements().Single(static one => one.Name.LocalName == "metadata")
            .Elements().ToLookup(static one => one.Name.LocalName);
        var license = members["license"].FirstOrDefault();
        var isExpression = license?.Attribute("type")?.Value == "expression";
        return new PackageFacts(
            isExpression ? license!.Value.Trim() : null,
            isExpression ? null : (license ?? members["licenseUrl"].FirstOrDefault())?.Value.Trim(),
            members["developmentDependency"].Any(static one => one.Value.Trim() == "true"));
    }
}
