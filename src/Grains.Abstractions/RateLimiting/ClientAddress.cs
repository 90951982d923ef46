using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>
/// Reads client addresses strictly and writes each in exactly one way, so that one client never has two counters.
/// </summary>
public static class ClientAddress
{
    /// <summary>The length of the longest text of an address: IPv6 with an embedded IPv4 address.</summary>
    public const int TextLengthMax = 45;

    private const string NotAnAddress = "must be an IPv4 or IPv6 address";
    private const string HasZone = "must not carry a zone id";
    private const string TooLong = "must be at most 45 characters long";

    private static readonly SearchValues<char> IPv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>
    /// Reads IPv4 as four decimal octets without leading zeros, or IPv6 without brackets, port or zone id.
    /// An IPv4-mapped IPv6 address becomes the IPv4 address.
    /// </summary>
    /// <param name="text">The text as the caller sent it; white space is not removed.</param>
    /// <param name="address">The canonical address.</param>
    /// <param name="rule">What the text breaks, to follow the name of the field: "must be …".</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out IPAddress? address, [NotNullWhen(false)] out string? rule)
    {
        address = TryParseExact(text, out var exact, out rule) ? Canonical(exact) : null;
        return address is not null && rule is null;
    }

    /// <summary>The form of an address to count by: IPv4-mapped IPv6 becomes IPv4, a zone id is dropped.</summary>
    public static IPAddress Canonical(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
        {
            return address;
        }

        return address.IsIPv4MappedToIPv6 || address.ScopeId != 0
            ? AddressBits.ToAddress(AddressBits.Of(address))
            : address;
    }

    /// <summary>
    /// What an address is counted as: an IPv4 address by itself, <c>203.0.113.7</c>; an IPv6 address by its network
    /// in the text form of RFC 5952, <c>2001:db8::/64</c>.
    /// </summary>
    /// <param name="address">Any address; it is made canonical first.</param>
    /// <param name="ipv6Prefix">How many leading bits of an IPv6 address name one client, 1 to 128.</param>
    public static string Subject(IPAddress address, int ipv6Prefix)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ipv6Prefix, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ipv6Prefix, AddressBits.IPv6Length);
        var canonical = Canonical(address);
        if (canonical.AddressFamily is not AddressFamily.InterNetworkV6)
        {
            return canonical.ToString();
        }

        var network = AddressBits.ToAddress(AddressBits.Of(canonical) & AddressBits.Mask(ipv6Prefix));
        return string.Create(CultureInfo.InvariantCulture, stackalloc char[64], $"{network}/{ipv6Prefix}");
    }

    // Without folding: a network needs to know in which form its address was written.
    internal static bool TryParseExact(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out IPAddress? address,
        [NotNullWhen(false)] out string? rule)
    {
        address = null;
        rule = text.Contains('%') ? HasZone
            : text.Length > TextLengthMax ? TooLong
            : !IsAddress(text) || !IPAddress.TryParse(text, out address) ? NotAnAddress
            : null;
        return rule is null && address is not null;
    }

    // The parser of the runtime also takes octal, hexadecimal and short IPv4 forms, brackets, ports and prefixes.
    private static bool IsAddress(ReadOnlySpan<char> text)
    {
        if (!text.Contains(':'))
        {
            return IsDottedQuad(text);
        }

        var tail = text[(text.LastIndexOf(':') + 1)..];
        return !text.ContainsAnyExcept(IPv6Characters) && (!text.Contains('.') || IsDottedQuad(tail));
    }

    private static bool IsDottedQuad(ReadOnlySpan<char> text)
    {
        var octets = 0;
        foreach (var range in text.Split('.'))
        {
            if (++octets > 4 || !IsOctet(text[range]))
            {
                return false;
            }
        }

        return octets == 4;
    }

    private static bool IsOctet(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= 3
        && !text.ContainsAnyExceptInRange('0', '9')
        && (text.Length == 1 || text[0] != '0')
        && int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) <= byte.MaxValue;
}
