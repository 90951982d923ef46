using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.RateLimiting;
using Gatehouse.Silo;
using Gatehouse.Silo.Health;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gatehouse.Cli.Doctor;

/// <summary>
/// The host's own validation: its composition is registered, its options are read and checked, and nothing is started.
/// </summary>
internal sealed class SettingsValidation : IDisposable
{
    private const string Kek = "Gatehouse:SigningKeys:Kek";

    private readonly ServiceProvider _services;
    private readonly List<string> _faults = [];

    private SettingsValidation(ServiceProvider services, GatehouseOptions options) =>
        (_services, Options) = (services, options);

    public GatehouseOptions Options { get; }

    /// <summary>Whether a key-encryption key is there; in Development one is made at the first start.</summary>
    public bool HasKek { get; private init; }

    /// <summary>The rules that are broken.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public static SettingsValidation Of(HostSettings settings, bool isSilo)
    {
        var faults = new List<string>();
        var options = Bind(settings.Configuration, faults);
        if (isSilo)
        {
            // As src/Silo has it: its store is always outside.
            options.Topology = Topology.CoHosted;
        }

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        faults.AddRange(results.Select(static result => result.ErrorMessage!));
        var places = Places(settings, options);
        var services = Register(
            new ConfigurationBuilder().AddConfiguration(settings.Configuration).AddInMemoryCollection(places).Build(),
            options, isSilo);
        var validation = new SettingsValidation(services, options) { HasKek = !places.ContainsKey(Kek) };
        validation._faults.AddRange(faults);
        validation._faults.AddRange(Broken(services).Except(faults));
        return validation;
    }

    /// <summary>One part of the settings; null when a rule of it is broken.</summary>
    public T? Read<T>() where T : class
    {
        try
        {
            return _services.GetService<IOptions<T>>()?.Value;
        }
        catch (Exception broken) when (broken is OptionsValidationException or InvalidOperationException)
        {
            return null;
        }
    }

    public void Dispose() => _services.Dispose();

    private static GatehouseOptions Bind(IConfiguration configuration, List<string> faults)
    {
        try
        {
            return configuration.GetSection("Gatehouse").Get<GatehouseOptions>() ?? new GatehouseOptions();
        }
        catch (InvalidOperationException broken)
        {
            faults.Add(broken.Message);
            return new GatehouseOptions();
        }
    }

    /// <summary>What a host fills in when it starts, without making it: a check changes nothing.</summary>
    private static Dictionary<string, string?> Places(HostSettings settings, GatehouseOptions options)
    {
        var configuration = settings.Configuration;
        var places = new Dictionary<string, string?>();
        if (options.Topology is Topology.Embedded && IsEmpty("Gatehouse:Archive:ConnectionString"))
        {
            places["Gatehouse:Archive:ConnectionString"] = new SqliteConnectionStringBuilder
            {
                DataSource = Path.Combine(options.DataDirectory, "audit.db"),
            }.ToString();
        }

        var isDevelopment = settings.Environment.Equals("Development", StringComparison.OrdinalIgnoreCase);
        if (isDevelopment && IsEmpty(Kek) && IsEmpty("Gatehouse:SigningKeys:KekFile"))
        {
            var made = Path.GetFullPath(Path.Combine(options.DataDirectory, "kek"));
            places[File.Exists(made) ? "Gatehouse:SigningKeys:KekFile" : Kek] =
                File.Exists(made) ? made : Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        }

        return places;

        bool IsEmpty(string name) => string.IsNullOrEmpty(configuration[name]);
    }

    private static ServiceProvider Register(IConfiguration configuration, GatehouseOptions options, bool isSilo)
    {
        var services = new ServiceCollection();
        services.AddSingleton(configuration);
        services.AddLogging();
        if (options.Topology is Topology.Client)
        {
            services.AddClientHealth();
        }
        else
        {
            services.AddGatehouseGrains();
            services.AddArchivePlace(options);
            services.AddSiloHealth(options, configuration);
        }

        if (!isSilo)
        {
            Add<AuthOptions>("Gatehouse:Auth");
            Add<HttpOptions>("Gatehouse:Http");
            Add<DenyCacheOptions>("Gatehouse:RateLimiting");
            Add<AdmissionOptions>("Gatehouse:Overload");
        }

        return services.BuildServiceProvider();

        void Add<T>(string section) where T : class =>
            services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
    }

    private static IEnumerable<string> Broken(ServiceProvider services)
    {
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
            return [];
        }
        catch (OptionsValidationException broken)
        {
            return broken.Failures;
        }
        catch (AggregateException broken)
        {
            return broken.InnerExceptions.OfType<OptionsValidationException>().SelectMany(static one => one.Failures);
        }
        catch (InvalidOperationException broken)
        {
            // A value of the wrong kind; the message names the setting.
            return [broken.Message];
        }
    }
}
