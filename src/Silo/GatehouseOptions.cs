using System.ComponentModel.DataAnnotations;
using System.Net;
using Gatehouse.Grains.Abstractions.Tenants;
using StackExchange.Redis;

namespace Gatehouse.Silo;

/// <summary>How the processes of a deployment are laid out.</summary>
public enum Topology
{
    /// <summary>API, silo and store in one process; nothing outside is needed.</summary>
    Embedded = 1,

    /// <summary>API and silo in one process, Redis outside; any number of such processes form one cluster.</summary>
    CoHosted = 2,

    /// <summary>API only, a client of a cluster of silos (<c>src/Silo</c>).</summary>
    Client = 3,
}

/// <summary>The settings of the host, section <c>Gatehouse</c>.</summary>
public sealed class GatehouseOptions : IValidatableObject
{
    /// <summary>Embedded (default), CoHosted or Client.</summary>
    public Topology Topology { get; set; } = Topology.Embedded;

    /// <summary>The region this process serves; also the Orleans cluster id. Default: local.</summary>
    public string Region { get; set; } = "local";

    /// <summary>Where the embedded store and generated keys are kept. Default: ./data.</summary>
    public string DataDirectory { get; set; } = "./data";

    /// <summary>The regional Redis.</summary>
    public RedisOptions Redis { get; set; } = new();

    /// <summary>The silo's own endpoints.</summary>
    public SiloOptions Silo { get; set; } = new();

    /// <summary>The listener for operators.</summary>
    public AdminOptions Admin { get; set; } = new();

    /// <summary>Whether this process takes part in the Orleans dashboard.</summary>
    public bool HasDashboard => Admin.Dashboard ?? (Admin.Port is not null && Topology is not Topology.Client);

    /// <summary>Whether this process brings its own store.</summary>
    public bool HasEmbeddedStore => Topology is Topology.Embedded && string.IsNullOrEmpty(Redis.ConnectionString);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Topology is not (Topology.Embedded or Topology.CoHosted or Topology.Client))
        {
            yield return new ValidationResult("Gatehouse:Topology must be Embedded, CoHosted or Client.");
        }

        // Here and not only in the silo: a client of a cluster names its region too.
        if (!TenantNames.IsTenant(Region))
        {
            yield return new ValidationResult(
                "Gatehouse:Region must be 1 to 64 of a-z, 0-9 and '-', starting and ending with a letter or digit.");
        }

        if (Topology is not Topology.Embedded && string.IsNullOrEmpty(Redis.ConnectionString))
        {
            yield return new ValidationResult($"Gatehouse:Redis:ConnectionString must be set for topology {Topology}.");
        }

        foreach (var fault in Redis.Faults())
        {
            yield return new ValidationResult(fault);
        }

        if (string.IsNullOrWhiteSpace(DataDirectory))
        {
            yield return new ValidationResult("Gatehouse:DataDirectory must not be empty.");
        }

        foreach (var fault in Silo.Faults().Concat(Admin.Faults()))
        {
            yield return new ValidationResult(fault);
        }
    }
}

/// <summary>Where the regional Redis is.</summary>
public sealed class RedisOptions
{
    /// <summary>As StackExchange.Redis reads it. Empty (default): the embedded store, topology Embedded only.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// The same for the membership table, so that it can have a Redis or a Redis user of its own. Default:
    /// <see cref="ConnectionString"/>. Topology Embedded keeps membership in memory.
    /// </summary>
    public string? MembershipConnectionString { get; set => field = NullIfEmpty(value); }

    /// <summary>The same for grain state. Default: <see cref="ConnectionString"/>.</summary>
    public string? StateConnectionString { get; set => field = NullIfEmpty(value); }

    internal IEnumerable<string> Faults()
    {
        foreach (var (name, text) in new[]
        {
            (nameof(ConnectionString), ConnectionString),
            (nameof(MembershipConnectionString), MembershipConnectionString),
            (nameof(StateConnectionString), StateConnectionString),
        })
        {
            if (text is null or "")
            {
                continue;
            }

            if (Fault(text) is { } rule)
            {
                yield return $"Gatehouse:Redis:{name} {rule}";
            }
            else if (string.IsNullOrEmpty(ConnectionString))
            {
                yield return $"Gatehouse:Redis:{name} needs Gatehouse:Redis:ConnectionString.";
            }
        }
    }

    // A compose file can only set a variable or set it to nothing.
    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string? Fault(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text).EndPoints.Count == 0 ? "must name a server." : null;
        }
        catch (ArgumentException)
        {
            // The parser's message repeats what it could not read, and that may be a password.
            return "must be as StackExchange.Redis reads it, such as redis-1:6379,user=u,password=p.";
        }
    }
}

/// <summary>Where other silos and clients find this silo.</summary>
public sealed class SiloOptions
{
    /// <summary>
    /// For other silos. Default 11111; 0: any free port. Topology Embedded has no other silos and takes a free port.
    /// </summary>
    public int Port { get; set; } = 11111;

    /// <summary>
    /// For clients. Default 30000; 0: any free port. Topology Embedded has no clients and opens none.
    /// </summary>
    public int GatewayPort { get; set; } = 30000;

    /// <summary>The address that others reach this silo at. Default: loopback.</summary>
    public string? AdvertisedAddress { get; set; }

    /// <summary>
    /// Where a silo process answers probes (<c>/health/...</c>) and <c>/metrics</c>, without a credential. Default
    /// 8081; 0: any free port. An API host answers them at its own address.
    /// </summary>
    public int HealthPort { get; set; } = 8081;

    /// <summary>The address it does so at. Default: loopback.</summary>
    public string? HealthAddress { get; set; }

    internal IEnumerable<string> Faults()
    {
        foreach (var (name, port) in new[]
        {
            (nameof(Port), Port), (nameof(GatewayPort), GatewayPort), (nameof(HealthPort), HealthPort),
        })
        {
            if (port is < 0 or > 65535)
            {
                yield return $"Gatehouse:Silo:{name} must be between 0 and 65535.";
            }
        }

        foreach (var (name, address) in new[]
        {
            (nameof(AdvertisedAddress), AdvertisedAddress), (nameof(HealthAddress), HealthAddress),
        })
        {
            if (address is not null && !IPAddress.TryParse(address, out _))
            {
                yield return $"Gatehouse:Silo:{name} must be an IP address.";
            }
        }
    }
}
