using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Silo;

/// <summary>Where the audit archive is when the settings name no place.</summary>
internal static class ArchiveHosting
{
    private const string FileName = "audit.db";

    /// <summary>
    /// One process keeps it beside its data. Several would each have one of their own, none of them whole: there the
    /// place must be named.
    /// </summary>
    public static IServiceCollection AddArchivePlace(this IServiceCollection services, GatehouseOptions options)
    {
        services.AddOptions<ArchiveOptions>()
            .PostConfigure(archive =>
            {
                if (IsUnnamed(archive) && options.Topology is Topology.Embedded)
                {
                    Directory.CreateDirectory(options.DataDirectory);
                    archive.ConnectionString = new SqliteConnectionStringBuilder
                    {
                        DataSource = Path.Combine(options.DataDirectory, FileName),
                    }.ToString();
                }
            })
            .Validate(
                static archive => !IsUnnamed(archive),
                $"Gatehouse:Archive:ConnectionString must be set for topology {options.Topology}: all silos share " +
                "one archive, a PostgreSQL database or a SQLite file on the one machine that all of them run on.");
        return services;
    }

    private static bool IsUnnamed(ArchiveOptions archive) =>
        archive.Provider is ArchiveProvider.Sqlite && archive.ConnectionString.Length == 0;
}
