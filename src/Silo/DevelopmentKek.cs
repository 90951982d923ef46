using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Silo;

/// <summary>The key-encryption key of a developer's machine, kept beside the data.</summary>
internal static class DevelopmentKek
{
    private const string FileName = "kek";

    /// <summary>In Development, names a key file where the settings name none. Elsewhere a missing key stays missing.
    /// </summary>
    public static void Provide(IHostApplicationBuilder builder, string dataDirectory)
    {
        var settings = builder.Configuration.GetSection("Gatehouse:SigningKeys");
        if (!builder.Environment.IsDevelopment()
            || !string.IsNullOrEmpty(settings["Kek"]) || !string.IsNullOrEmpty(settings["KekFile"]))
        {
            return;
        }

        var path = Path.GetFullPath(Path.Combine(dataDirectory, FileName));
        KeyFile.Ensure(path, static () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?> { ["Gatehouse:SigningKeys:KekFile"] = path });
    }
}
