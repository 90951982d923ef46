using System.Collections;
using System.Reflection;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Tenants;
using Gatehouse.Silo;
using Gatehouse.Silo.Health;

namespace Gatehouse.Cli.Doctor;

/// <summary>The names of all settings, from the very classes that they are read into.</summary>
internal static class KnownSettings
{
    private static readonly (Type Options, string Section)[] Sections =
    [
        (typeof(GatehouseOptions), "Gatehouse"),
        (typeof(AuthOptions), "Gatehouse:Auth"),
        (typeof(HttpOptions), "Gatehouse:Http"),
        (typeof(RateLimitingOptions), "Gatehouse:RateLimiting"),
        (typeof(DenyCacheOptions), "Gatehouse:RateLimiting"),
        (typeof(GlobalRedisOptions), "Gatehouse:GlobalRedis"),
        (typeof(SigningKeysOptions), "Gatehouse:SigningKeys"),
        (typeof(AuditOptions), "Gatehouse:Audit"),
        (typeof(ArchiveOptions), "Gatehouse:Archive"),
        (typeof(IdempotencyOptions), "Gatehouse:Idempotency"),
        (typeof(TenantsOptions), "Gatehouse:Tenants"),
        (typeof(OverloadOptions), "Gatehouse:Overload"),
        (typeof(AdmissionOptions), "Gatehouse:Overload"),
        (typeof(HealthOptions), "Gatehouse:Health"),
    ];

    /// <summary>What is read by its name: a list in one value.</summary>
    private static readonly string[] ByName = ["Gatehouse:Health:UnreadyOn"];

    /// <summary>All names; those of lists end with <c>:#</c>, for a number.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Sections.SelectMany(static section => Of(section.Options, section.Section)).Concat(ByName).Distinct()];

    public static bool IsKnown(string name) => Names.Any(known =>
        known.Equals(name, StringComparison.OrdinalIgnoreCase)
        || (known.EndsWith(":#", StringComparison.Ordinal) && IsOfList(name, known[..^1])));

    /// <summary>The name that was meant, if one is close; a third of it may be wrong.</summary>
    public static string? Closest(string name)
    {
        var best = Names.Select(static known => known.Replace(":#", "", StringComparison.Ordinal))
            .MinBy(known => Distance(known, name));
        return best is not null && Distance(best, name) <= Math.Max(2, best.Length / 3) ? best : null;
    }

    /// <summary>How many letters to insert, delete, change or swap (optimal string alignment).</summary>
    internal static int Distance(string one, string other)
    {
        var (a, b) = (one.ToUpperInvariant(), other.ToUpperInvariant());
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                d[i, j] = i == 0 ? j : j == 0 ? i : Math.Min(
                    Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }

    private static bool IsOfList(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        && name.Length > prefix.Length && name.AsSpan(prefix.Length).IndexOfAnyExceptInRange('0', '9') < 0;

    private static IEnumerable<string> Of(Type type, string prefix) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        let isList = property.PropertyType != typeof(string)
            && property.PropertyType.IsAssignableTo(typeof(IEnumerable))
        where property.CanWrite || isList
        from name in property.PropertyType.Namespace == type.Namespace && property.PropertyType.IsClass
            ? Of(property.PropertyType, $"{prefix}:{property.Name}")
            : [$"{prefix}:{property.Name}{(isList ? ":#" : "")}"]
        select name;
}
