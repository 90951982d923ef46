using System.Net;
using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class CidrBlockTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8", false)]
    [InlineData("0.0.0.0/0", "0.0.0.0/0", false)]
    [InlineData("192.0.2.1", "192.0.2.1/32", false)]
    [InlineData("2001:DB8::/32", "2001:db8::/32", true)]
    [InlineData("::/0", "::/0", true)]
    [InlineData("::1", "::1/128", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8", false)]
    [InlineData("::ffff:0:0/96", "0.0.0.0/0", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1/32", false)]
    [InlineData("::fffe:0:0/95", "::fffe:0:0/95", true)]
    public void TryParse_Network_IsReadInItsOneForm(string text, string canonical, bool isIPv6)
    {
        Assert.True(CidrBlock.TryParse(text, out var block, out var rule), rule);
        Assert.Null(rule);
        Assert.Equal(canonical, block.ToString());
        Assert.Equal(isIPv6, block.IsIPv6);
        Assert.EndsWith("/" + block.PrefixLength, canonical, StringComparison.Ordinal);
        Assert.True(CidrBlock.TryParse(canonical, out var again, out _));
        Assert.Equal(block, again);
    }

    [Theory]
    [InlineData("", "must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32")]
    [InlineData("10.0.0/8", "must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32")]
    [InlineData("/8", "must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32")]
    [InlineData("fe80::%1/64", "must be an address or a network such as 10.0.0.0/8 or 2001:db8::/32")]
    [InlineData("10.0.0.0/33", "must have a prefix length from 0 to 32")]
    [InlineData("10.0.0.0/", "must have a prefix length from 0 to 32")]
    [InlineData("10.0.0.0/08", "must have a prefix length from 0 to 32")]
    [InlineData("10.0.0.0/8\0", "must have a prefix length from 0 to 32")]
    [InlineData("10.0.0.0/-1", "must have a prefix length from 0 to 32")]
    [InlineData("10.0.0.0/8/8", "must have a prefix length from 0 to 32")]
    [InlineData("10.0.0.0/99999999999", "must have a prefix length from 0 to 32")]
    [InlineData("2001:db8::/129", "must have a prefix length from 0 to 128")]
    [InlineData("10.0.0.1/8", "must not have host bits set; the network is 10.0.0.0/8")]
    [InlineData("2001:db8::1/32", "must not have host bits set; the network is 2001:db8::/32")]
    [InlineData("::ffff:10.0.0.1/104", "must not have host bits set; the network is 10.0.0.0/8")]
    [InlineData("::ffff:10.0.0.1/64", "must not have host bits set; the network is ::/64")]
    public void TryParse_NotANetwork_NamesTheRule(string text, string expected)
    {
        Assert.False(CidrBlock.TryParse(text, out var block, out var rule));
        Assert.Null(block);
        Assert.Equal(expected, rule);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "1.2.3.4", false)]
    [InlineData("::/0", "ffff::", true)]
    [InlineData("2001:db8::/33", "2001:db8:7fff::1", true)]
    [InlineData("2001:db8::/33", "2001:db8:8000::1", false)]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.0", false)]
    public void Contains_Address_ComparesTheLeadingBitsOfOneFamily(string text, string address, bool inside)
    {
        Assert.True(CidrBlock.TryParse(text, out var block, out _));
        Assert.Equal(inside, block.Contains(IPAddress.Parse(address)));
    }

    [Fact]
    public void Contains_AnyAddressAndLength_AgreesWithTheNetworkOfTheRuntime() => Gen
        .Select(Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.Int[0, 128], Gen.Int[0, 127])
        .Sample((bytes, length, flip) =>
        {
            var prefix = length % ((bytes.Length * 8) + 1);
            var expected = new IPNetwork(Masked(bytes, prefix), prefix);
            var other = bytes.ToArray();
            other[flip % (bytes.Length * 8) / 8] ^= (byte)(0x80 >> (flip % 8));

            Assert.True(CidrBlock.TryParse(expected.ToString(), out var block, out var rule), rule);
            Assert.True(block.Contains(new IPAddress(bytes)));
            Assert.Equal(expected.Contains(new IPAddress(other)), block.Contains(new IPAddress(other)));
        });

    [Fact]
    public void Contains_AnyAddress_AllocatesNothing()
    {
        Assert.True(CidrBlock.TryParse("2001:db8::/32", out var block, out _));
        var address = IPAddress.Parse("2001:db8::1");
        block.Contains(address);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++)
        {
            block.Contains(address);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static IPAddress Masked(byte[] bytes, int prefix) => new(
        bytes.Select((value, i) => (byte)(value & (0xff00 >> Math.Clamp(prefix - (8 * i), 0, 8)))).ToArray());
}
