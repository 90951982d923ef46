using System.Net;
using CsCheck;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Grains.Tests.RateLimiting;

public class ClientAddressTests
{
    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("2001:DB8:0:0:0:0:0:1", "2001:db8::1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]
    [InlineData("::ffff:1.2.3.4", "1.2.3.4")]
    [InlineData("::ffff:102:304", "1.2.3.4")]
    [InlineData("0000:0000:0000:0000:0000:FFFF:255.255.255.255", "255.255.255.255")]
    public void TryParse_Address_IsReadInItsOneForm(string text, string canonical)
    {
        Assert.True(ClientAddress.TryParse(text, out var address, out var rule), rule);
        Assert.Equal(canonical, address.ToString());
        Assert.Null(rule);
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("0x7f.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("010.0.0.1")]
    [InlineData("1.2.3.00")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.")]
    [InlineData("1..2.3")]
    [InlineData("1.2.3.+4")]
    [InlineData("1.2.3.٤")]
    [InlineData(" 1.2.3.4")]
    [InlineData("1.2.3.4\n")]
    [InlineData("1.2.3.4:80")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("::1 ")]
    [InlineData("::1/64")]
    [InlineData(":::1")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("12345::")]
    [InlineData("::ffff:1.2.3")]
    [InlineData("::ffff:01.2.3.4")]
    [InlineData("::1.2.3.4:5")]
    [InlineData("1.2.3.4::")]
    public void TryParse_NotStrictlyAnAddress_IsRefused(string text)
    {
        Assert.False(ClientAddress.TryParse(text, out var address, out var rule));
        Assert.Null(address);
        Assert.Equal("must be an IPv4 or IPv6 address", rule);
    }

    [Theory]
    [InlineData("fe80::1%eth0", "must not carry a zone id")]
    [InlineData("fe80::1%", "must not carry a zone id")]
    [InlineData("0000:0000:0000:0000:0000:ffff:255.255.255.2550", "must be at most 45 characters long")]
    public void TryParse_KnownMistake_IsNamed(string text, string expected)
    {
        Assert.False(ClientAddress.TryParse(text, out _, out var rule));
        Assert.Equal(expected, rule);
    }

    [Fact]
    public void TryParse_AnyText_NeverThrowsAndReadsBackWhatItWrites() =>
        Gen.Char["0123456789abF:.%/[]x ٤"].Array[0, 46].Select(c => new string(c)).Sample(
            text =>
            {
                if (ClientAddress.TryParse(text, out var address, out _))
                {
                    Assert.True(ClientAddress.TryParse(address.ToString(), out var again, out _));
                    Assert.Equal(address, again);
                }
            },
            iter: Tries.Of(20_000));

    [Fact]
    public void TryParse_AnyAddress_ReadsEveryFormOfIt() =>
        Gen.OneOf(Gen.Byte.Array[4], Gen.OneOf(Gen.Const((byte)0), Gen.Byte).Array[16]).Sample(bytes =>
        {
            var address = new IPAddress(bytes);

            Assert.True(ClientAddress.TryParse(address.ToString(), out var read, out _));
            Assert.True(ClientAddress.TryParse(address.MapToIPv6().ToString(), out var mapped, out _));
            Assert.Equal(ClientAddress.Canonical(address), read);
            Assert.Equal(read, mapped);
        });

    [Fact]
    public void Canonical_PeerAddress_IsFoldedAndLosesItsZone()
    {
        Assert.Equal(IPAddress.Parse("1.2.3.4"), ClientAddress.Canonical(IPAddress.Parse("::ffff:1.2.3.4")));
        Assert.Equal("fe80::1", ClientAddress.Canonical(IPAddress.Parse("fe80::1%3")).ToString());
        Assert.Same(IPAddress.IPv6Loopback, ClientAddress.Canonical(IPAddress.IPv6Loopback));
    }

    [Theory]
    [InlineData("203.0.113.7", 64, "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", 64, "203.0.113.7")]
    [InlineData("2001:db8::1", 64, "2001:db8::/64")]
    [InlineData("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2ff:3:4:5:6", 56, "2001:db8:1:200::/56")]
    [InlineData("2001:db8::1", 128, "2001:db8::1/128")]
    [InlineData("ffff::1", 1, "8000::/1")]
    public void Subject_Address_IsTheNetworkItIsCountedAs(string address, int prefix, string subject) =>
        Assert.Equal(subject, ClientAddress.Subject(IPAddress.Parse(address), prefix));

    [Theory]
    [InlineData(0)]
    [InlineData(129)]
    public void Subject_PrefixOutOfRange_Throws(int prefix) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ClientAddress.Subject(IPAddress.IPv6Loopback, prefix));
}
