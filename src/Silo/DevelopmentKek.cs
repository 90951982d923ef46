using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Silo;

/// <summary>
/// The key-encryption key of a developer's machine: made once, kept beside the data, readable by its owner only.
/// </summary>
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
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(dataDirectory);
            Write(path);
        }

        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?> { ["Gatehouse:SigningKeys:KekFile"] = path });
    }

    private static void Write(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
    }
}
