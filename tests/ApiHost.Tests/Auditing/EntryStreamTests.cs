using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Gatehouse.ApiHost.Auditing;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>Half an answer must not look like a whole one, whatever goes wrong.</summary>
public class EntryStreamTests
{
    private static readonly AuditHead Head = new() { Size = 4, Hash = AuditEntry.Genesis, Root = AuditEntry.Genesis };

    [Theory]
    [InlineData(false, "audit_moving")]
    [InlineData(true, "audit_frozen")]
    public async Task Begin_OfEntriesThatAreNotThere_IsRefused(bool isFrozen, string reason)
    {
        var pages = new Pages([Page() with { Head = Head with { IsFrozen = isFrozen } }], null);

        var refused = await Assert.ThrowsAsync<ServiceOverloadedException>(() => EntryStream.BeginAsync(pages, 2, 4));

        Assert.Equal((reason, Applied.No), (refused.Reason, refused.Applied));
    }

    [Theory]
    [InlineData(2, 4, 4)]
    [InlineData(4, 4, 0)]
    public async Task Begin_OfWhatWasDeletedOrOfNothing_IsAnEmptyPage(long from, long to, long prunedBefore)
    {
        var page = Page() with { PrunedBefore = prunedBefore };

        Assert.Same(page, await EntryStream.BeginAsync(new Pages([page], null), from, to));
    }

    [Fact]
    public async Task Send_AllPages_SendsEachEntryOnce()
    {
        var (sent, isCut) = await SendAsync(Page("c"), Page("d"));

        Assert.Equal(("abcd", false), (sent, isCut));
    }

    [Fact]
    public async Task Send_NothingMoreThere_CutsItOff()
    {
        var (sent, isCut) = await SendAsync(Page("c"), Page());

        Assert.Equal(("abc", true), (sent, isCut));
    }

    [Fact]
    public async Task Send_DeletedMeanwhile_CutsItOff()
    {
        var (sent, isCut) = await SendAsync(Page("d") with { PrunedBefore = 3 });

        Assert.Equal(("ab", true), (sent, isCut));
    }

    [Fact]
    public async Task Send_StoreAway_CutsItOff()
    {
        var (sent, isCut) = await SendAsync(failure: new ServiceOverloadedException("archive_unavailable", Applied.No));

        Assert.Equal(("ab", true), (sent, isCut));
    }

    private static async Task<(string Sent, bool IsCut)> SendAsync(
        Exception? failure = null, params AuditSearchPage[] pages)
    {
        var services = new ServiceCollection();
        services.AddMetrics().AddSingleton<HttpMetrics>();
        await using var provider = services.BuildServiceProvider();
        var lifetime = new Lifetime();
        using var output = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = provider };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Response.Body = output;

        await EntryStream.SendAsync(context, new Pages(pages, failure), Page("a", "b"), (0, 4),
            static (writer, entry) => writer.Write(entry));
        await context.Response.BodyWriter.FlushAsync();
        return (Encoding.UTF8.GetString(output.ToArray()), lifetime.IsAborted);
    }

    private static Task<(string Sent, bool IsCut)> SendAsync(params AuditSearchPage[] pages) => SendAsync(null, pages);

    private static AuditSearchPage Page(params string[] entries) =>
        new() { Entries = [.. entries.Select(Encoding.UTF8.GetBytes)], Head = Head };

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    /// <summary>Answers with its pages, then with its failure.</summary>
    private sealed class Pages(IReadOnlyList<AuditSearchPage> pages, Exception? failure) : IAuditReaderGrain
    {
        private int _next;

        public Task<AuditSearchPage> ReadAsync(long from, int count) =>
            _next < pages.Count ? Task.FromResult(pages[_next++]) : Task.FromException<AuditSearchPage>(failure!);

        public Task<AuditSearchPage> SearchAsync(AuditFilter filter, long from, int count) => throw new NotSupportedException();

        public Task<AuditCheckpoint?> CheckpointAsync() => throw new NotSupportedException();

        public Task<AuditProof?> ProveAsync(long seq) => throw new NotSupportedException();

        public Task<AuditConsistency?> ProveConsistencyAsync(long first, long? second) => throw new NotSupportedException();

        public Task<byte[]?> TileAsync(int level, long index, int width) => throw new NotSupportedException();

        public Task<AuditExport?> ExportAsync(long from, long? until) => throw new NotSupportedException();

        public Task<AuditVerification> VerifyAsync(AuditVerification progress) => throw new NotSupportedException();
    }
}
