using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>What is read of an entry: its place, of every version there may be, and of nothing else.</summary>
public class AuditEntryTests
{
    private static readonly string Text = Encoding.UTF8.GetString(AuditEntry.Compose(
        "acme", 7, AuditEntry.Genesis, DateTimeOffset.UnixEpoch, new AuditEvent
        {
            Id = "e-7", Actor = new AuditParty("user", "u"), Action = "a", Outcome = AuditOutcome.Success,
        }).Bytes);

    /// <summary>A silo goes on with a chain that a newer one wrote to (docs/operations/upgrade.md).</summary>
    [Theory]
    [InlineData("\"v\":1", "\"v\":1")]
    [InlineData("\"v\":1", "\"v\":2")]
    [InlineData("\"v\":1", "\"unknown\":{},\"v\":3")]
    public void Read_OfAVersionThatThereMayBe_IsItsPlace(string old, string changed)
    {
        var (entry, tenant, previous, recordedAt) = AuditEntry.Read(Bytes(old, changed));

        Assert.Equal((7, "e-7", "acme"), (entry.Seq, entry.Id, tenant));
        Assert.Equal((AuditEntry.Genesis, DateTimeOffset.UnixEpoch), (previous, recordedAt));
    }

    [Theory]
    [InlineData(",\"v\":1", "")]
    [InlineData("\"v\":1", "\"v\":0")]
    [InlineData("\"v\":1", "\"v\":-1")]
    [InlineData("\"v\":1", "\"v\":1.5")]
    [InlineData("\"v\":1", "\"v\":\"1\"")]
    [InlineData("\"v\":1", "\"v\":null")]
    [InlineData("\"seq\":7", "\"seq\":-7")]
    [InlineData("\"seq\":7", "\"seq\":9223372036854775808")]
    [InlineData("\"id\":\"e-7\"", "\"id\":null")]
    [InlineData("\"tenant\":\"acme\"", "\"tenant\":null")]
    [InlineData("\"recordedAt\":\"1970", "\"recordedAt\":\"0000")]
    [InlineData("00.000Z\",\"seq\"", "00\",\"seq\"")]
    public void Read_OfAnythingElse_IsRefused(string old, string changed) =>
        Assert.Throws<FormatException>(() => AuditEntry.Read(Bytes(old, changed)));

    private static byte[] Bytes(string old, string changed)
    {
        Assert.Contains(old, Text, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(Text.Replace(old, changed, StringComparison.Ordinal));
    }
}
