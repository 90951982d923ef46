using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>A network of IPv4 or IPv6 addresses. Two blocks with the same addresses are equal.</summary>
public sealed record CidrBlock
{
    private const string NotABlock = "must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32";

    private readonly UInt128 _network;
    private readonly UInt128 _mask;

    private CidrBlock(UInt128 network, int prefixLength, bool isIPv6)
    {
        _network = network;
        _mask = AddressBits.Mask(isIPv6 ? prefixLength : prefixLength + Offset);
        PrefixLength = prefixLength;
        IsIPv6 = isIPv6;
    }

    /// <summary>How many leading bits are fixed: 0 to 32 for IPv4, 0 to 128 for IPv6.</summary>
    public int PrefixLength { get; }

    /// <summary>Whether the block holds IPv6 addresses; a block never holds both kinds.</summary>
    public bool IsIPv6 { get; }

    // Where the bits of an IPv4 address begin in the 128-bit form.
    private static int Offset => AddressBits.IPv6Length - AddressBits.IPv4Length;

    /// <summary>
    /// Reads <c>address</c> or <c>address/length</c>, the address as strictly as <see cref="ClientAddress"/>. A bare
    /// address is a block of one; IPv4-mapped IPv6 networks of at least 96 bits become IPv4. Host bits are refused.
    /// </summary>
    /// <param name="text">The text as the caller sent it.</param>
    /// <param name="block">The block.</param>
    /// <param name="rule">What the text breaks, to follow the name of the field: "must be …".</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out CidrBlock? block, [NotNullWhen(false)] out string? rule)
    {
        block = null;
        var span = text.AsSpan();
        var slash = span.IndexOf('/');
        if (!ClientAddress.TryParseExact(slash < 0 ? span : span[..slash], out var address, out _))
        {
            rule = NotABlock;
            return false;
        }

        var length = address.AddressFamily is AddressFamily.InterNetworkV6
            ? AddressBits.IPv6Length
            : AddressBits.IPv4Length;
        var prefix = length;
        if (slash >= 0 && !TryParsePrefix(span[(slash + 1)..], length, out prefix))
        {
            rule = string.Create(CultureInfo.InvariantCulture, $"must have a prefix length from 0 to {length}");
            return false;
        }

        return TryCreate(address, prefix, out block, out rule);
    }

    /// <summary>Whether an address, made canonical by <see cref="ClientAddress"/>, lies in the block.</summary>
    public bool Contains(IPAddress canonical)
    {
        ArgumentNullException.ThrowIfNull(canonical);
        return canonical.AddressFamily is AddressFamily.InterNetworkV6 == IsIPv6
            && (AddressBits.Of(canonical) & _mask) == _network;
    }

    /// <summary>The network and its length, always with the length: <c>192.0.2.1/32</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{AddressBits.ToAddress(_network)}/{PrefixLength}");

    private static bool TryCreate(
        IPAddress address, int prefix, [NotNullWhen(true)] out CidrBlock? block, [NotNullWhen(false)] out string? rule)
    {
        var bits = AddressBits.Of(address);
        var isIPv6 = address.AddressFamily is AddressFamily.InterNetworkV6;
        var fullPrefix = isIPv6 ? prefix : prefix + Offset;
        var network = bits & AddressBits.Mask(fullPrefix);
        var isIPv4 = AddressBits.IsMapped(network, fullPrefix);
        var correct = new CidrBlock(network, isIPv4 ? fullPrefix - Offset : fullPrefix, !isIPv4);

        block = network == bits ? correct : null;
        rule = block is null ? $"must not have host bits set; the network is {correct}" : null;
        return block is not null && rule is null;
    }

    private static bool TryParsePrefix(ReadOnlySpan<char> text, int length, out int prefix) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out prefix)
        // The parser takes NULs behind a number.
        && !text.ContainsAnyExceptInRange('0', '9')
        && prefix <= length
        && (text.Length == 1 || text[0] != '0');
}
