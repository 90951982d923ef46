using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Grains.Abstractions.RateLimiting;

/// <summary>Addresses as 128-bit numbers; IPv4 takes the place of its IPv4-mapped IPv6 address.</summary>
internal static class AddressBits
{
    public const int IPv6Length = 128;
    public const int IPv4Length = 32;

    private const int Bytes = 16;
    private const int MappedPrefix = IPv6Length - IPv4Length;

    private static readonly UInt128 MappedNetwork = (UInt128)0xffff << IPv4Length;

    public static UInt128 Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (address.AddressFamily is AddressFamily.InterNetworkV6)
        {
            address.TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }

        address.TryWriteBytes(bytes, out _);
        return MappedNetwork | BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    public static IPAddress ToAddress(UInt128 bits)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        return new IPAddress(IsMapped(bits, IPv6Length) ? bytes[^4..] : bytes);
    }

    /// <summary>Whether a whole network of that length lies within the IPv4-mapped addresses.</summary>
    public static bool IsMapped(UInt128 network, int prefixLength) =>
        prefixLength >= MappedPrefix && (network & Mask(MappedPrefix)) == MappedNetwork;

    // A shift by the full width is a shift by zero, so the empty prefix is its own case.
    public static UInt128 Mask(int prefixLength) =>
        prefixLength == 0 ? UInt128.Zero : UInt128.MaxValue << (IPv6Length - prefixLength);
}
