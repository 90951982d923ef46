using System.Security.Cryptography;
using Gatehouse.ApiHost.Http;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>The admin key of a developer's machine, kept beside the data.</summary>
internal static class AdminKey
{
    private const string FileName = "admin-key";
    private const int Length = 43;

    /// <summary>
    /// In Development, fills in the key that the settings leave out. Elsewhere a missing key stays missing.
    /// </summary>
    public static GeneratedAdminKey? Provide(WebApplicationBuilder builder, string dataDirectory)
    {
        if (!builder.Environment.IsDevelopment()
            || !string.IsNullOrEmpty(builder.Configuration["Gatehouse:Auth:AdminKey"]))
        {
            return null;
        }

        var path = Path.GetFullPath(Path.Combine(dataDirectory, FileName));
        var isNew = KeyFile.Ensure(path, static () => RandomNumberGenerator.GetString(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", Length));
        var key = File.ReadAllText(path).Trim();
        builder.Services.Configure<AuthOptions>(options => options.AdminKey = key);
        return new GeneratedAdminKey(path, isNew ? key : null);
    }
}

/// <summary>An admin key that was made here.</summary>
/// <param name="Path">The file that keeps it.</param>
/// <param name="NewKey">The key, at the start that made it; it is shown once.</param>
internal sealed record GeneratedAdminKey(string Path, string? NewKey);
