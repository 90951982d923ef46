using System.Net;

namespace Gatehouse.Silo;

/// <summary>The listener of an API host for its operators.</summary>
public sealed class AdminOptions
{
    /// <summary>
    /// Its port. Unset (default): there is none; 0: any free port. A silo process has none: what is for operators is at
    /// its health port.
    /// </summary>
    public int? Port { get; set; }

    /// <summary>The address it listens on. Default: loopback.</summary>
    public string? Address { get; set; }

    /// <summary>
    /// Whether this process takes part in the Orleans dashboard. Default: an API host that hosts a silo does when it
    /// has this listener, all others do not. Where it is on, every grain call is looked at.
    /// </summary>
    public bool? Dashboard { get; set; }

    internal IEnumerable<string> Faults()
    {
        if (Port is < 0 or > 65535)
        {
            yield return "Gatehouse:Admin:Port must be between 0 and 65535.";
        }

        if (Address is not null && !IPAddress.TryParse(Address, out _))
        {
            yield return "Gatehouse:Admin:Address must be an IP address.";
        }
    }
}
