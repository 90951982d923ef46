using Gatehouse.Grains.Abstractions;

namespace Gatehouse.Grains.Tests;

public class UtcMillisecondsTests
{
    [Theory]
    [InlineData("2026-11-26T18:00:00.0049999+01:00", "2026-11-26T17:00:00.004Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999Z")]
    public void Text_OfATime_IsOneAndReadBack(string time, string text)
    {
        var written = new char[UtcMilliseconds.Length];
        var at = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

        UtcMilliseconds.Write(at, written);

        Assert.Equal((text, text), (UtcMilliseconds.ToText(at), new string(written)));
        Assert.True(UtcMilliseconds.TryRead(text, out var read));
        Assert.Equal((text, TimeSpan.Zero), (UtcMilliseconds.ToText(read), read.Offset));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-26T17:00:00Z")]
    [InlineData("2026-11-26T17:00:00.0000Z")]
    [InlineData("2026-11-26T17:00:00.000+00:00")]
    [InlineData(" 2026-11-26T17:00:00.000Z")]
    [InlineData("2026-02-30T17:00:00.000Z")]
    public void TryRead_AnotherText_IsFalse(string text) => Assert.False(UtcMilliseconds.TryRead(text, out _));
}
