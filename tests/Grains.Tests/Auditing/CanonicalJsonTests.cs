using System.Buffers;
using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>The vectors of RFC 8785, and what has no canonical form.</summary>
public class CanonicalJsonTests
{
    /// <summary>RFC 8785, appendix B.</summary>
    public static TheoryData<ulong, string> Numbers { get; } = new()
    {
        { 0x0000000000000000, "0" },
        { 0x8000000000000000, "0" },
        { 0x0000000000000001, "5e-324" },
        { 0x8000000000000001, "-5e-324" },
        { 0x7fefffffffffffff, "1.7976931348623157e+308" },
        { 0xffefffffffffffff, "-1.7976931348623157e+308" },
        { 0x4340000000000000, "9007199254740992" },
        { 0xc340000000000000, "-9007199254740992" },
        { 0x4430000000000000, "295147905179352830000" },
        { 0x44b52d02c7e14af5, "9.999999999999997e+22" },
        { 0x44b52d02c7e14af6, "1e+23" },
        { 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
        { 0x444b1ae4d6e2ef4e, "999999999999999700000" },
        { 0x444b1ae4d6e2ef4f, "999999999999999900000" },
        { 0x444b1ae4d6e2ef50, "1e+21" },
        { 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
        { 0x3eb0c6f7a0b5ed8d, "0.000001" },
        { 0x41b3de4355555553, "333333333.3333332" },
        { 0x41b3de4355555554, "333333333.33333325" },
        { 0x41b3de4355555555, "333333333.3333333" },
        { 0x41b3de4355555556, "333333333.3333334" },
        { 0x41b3de4355555557, "333333333.33333343" },
        { 0xbecbf647612f3696, "-0.0000033333333333333333" },
        { 0x43143ff3c1cb0959, "1424953923781206.2" },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Number_IsWrittenAsEcmaScriptWritesIt(ulong bits, string expected) =>
        Assert.Equal(expected, CanonicalJson.Number(BitConverter.UInt64BitsToDouble(bits)));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Number_ThatIsNone_IsRefused(double value) =>
        Assert.Throws<CanonicalJsonException>(() => CanonicalJson.Number(value));

    /// <summary>RFC 8785, sections 3.2.2 and 3.2.4.</summary>
    [Fact]
    public void Value_OfTheStandard_IsWrittenAsThere() => Assert.Equal(
        """{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]""" +
        ""","string":"€$\u000f\nA'B\"\\\\\"/"}""",
        Write("""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """));

    /// <summary>RFC 8785, section 3.2.3: by UTF-16 code units, not by code points.</summary>
    [Fact]
    public void Members_AreSortedByTheirCodeUnits()
    {
        var written = Write("""
            {"\u20ac":"Euro","\r":"Return","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control",
            "\u00f6":"O"}
            """);

        using var json = JsonDocument.Parse(written);
        Assert.Equal(
            ["Return", "One", "Control", "O", "Euro", "Emoji", "Dalet"],
            json.RootElement.EnumerateObject().Select(member => member.Value.GetString()));
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""", ".a must be given once")]
    [InlineData("""{"a":{"b":[0,9007199254740993]}}""", ".a.b[1] must not be an integer beyond")]
    [InlineData("""{"a":1e999}""", ".a must be a number that a double holds")]
    [InlineData("""{"a":"\ud800"}""", ".a must not hold a lone surrogate")]
    [InlineData("""{"a":"x\udc00y"}""", ".a must not hold a lone surrogate")]
    public void Value_WithoutACanonicalForm_IsRefusedByItsPath(string json, string fault) =>
        Assert.StartsWith(fault, Assert.Throws<CanonicalJsonException>(() => Write(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Value_WrittenAgain_IsTheSame()
    {
        var written = Write("""{"b":[1.0,"\u007f",{"z":null,"y":1e2}],"a":9007199254740991}""");

        Assert.Equal("{\"a\":9007199254740991,\"b\":[1,\"\u007f\",{\"y\":100,\"z\":null}]}", written);
        Assert.Equal(written, Write(written));
    }

    private static string Write(string json)
    {
        using var document = JsonDocument.Parse(json);
        var output = new ArrayBufferWriter<byte>();
        CanonicalJson.Write(output, document.RootElement);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
