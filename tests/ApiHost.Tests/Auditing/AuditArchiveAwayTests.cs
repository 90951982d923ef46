using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>While the archive does not answer: what can be done is done, what cannot says so, and nothing lies.</summary>
public class AuditArchiveAwayTests
{
    [Fact]
    public async Task Routes_WithoutTheArchive_DoWhatTheyCan()
    {
        var archive = new AwayArchive();
        await using var host = await StartAsync(archive);
        var tenant = await host.NewTenantAsync();

        var receipt = await host.PostAuditAsync(tenant, "events?proof=true", AuditCalls.Event);
        var state = await host.GetAuditAsync(tenant, "state");

        AssertRecordedWithoutProof(receipt);
        Assert.Equal(JsonValueKind.Null, state.Json.GetProperty("archived").ValueKind);
        Assert.Equal(200, (await host.GetAuditAsync(tenant, "events/0")).Status);
        Assert.Equal("checkpoint_not_found", (await host.GetPublicAsync(tenant, "checkpoint")).Code);
        foreach (var path in new[] { "export", "events/0/proof", "retention", "events?action=order.refund" })
        {
            var answer = await host.GetAuditAsync(tenant, path);

            Assert.Equal((429, "archive_unavailable", path), (answer.Status, Reason(answer), path));
            Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        }

        Assert.Equal("archive_unavailable", Reason(await host.PostAuditAsync(tenant, "verify", "{}")));
        Assert.Equal("archive_unavailable", Reason(await host.PutRetentionAsync(tenant, "{}")));
    }

    /// <summary>An event that is recorded must not be answered as one that is not, whatever becomes of its proof.</summary>
    [Fact]
    public async Task Receipt_WhoseProofFailsForAReasonNobodyForesaw_IsAReceipt()
    {
        var archive = new AwayArchive();
        await using var host = await StartAsync(archive);
        var tenant = await host.NewTenantAsync();
        await host.RecordAsync(tenant, "first");

        archive.Failure = new InvalidOperationException("broken");
        var receipt = await host.PostAuditAsync(tenant, "events?proof=true", AuditCalls.Event);

        AssertRecordedWithoutProof(receipt);
    }

    private static Task<TestHost> StartAsync(AwayArchive archive) => TestHost.StartAsync(
        configure: builder => builder.Services.AddSingleton<IAuditArchive>(archive));

    private static void AssertRecordedWithoutProof(Answer receipt)
    {
        Assert.Equal(201, receipt.Status);
        Assert.False(receipt.Json.TryGetProperty("proof", out _) || receipt.Json.TryGetProperty("checkpoint", out _));
    }

    private static string? Reason(Answer answer) => answer.Json.GetProperty("reason").GetString();
}
