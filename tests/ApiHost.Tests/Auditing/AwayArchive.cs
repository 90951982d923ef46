using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>An archive that answers nothing, in the way that the test says; by default as one that is away.</summary>
internal sealed class AwayArchive : IAuditArchive
{
    public Exception Failure { get; set; } = new ServiceOverloadedException("archive_unavailable", Applied.No);

    public bool AnswersPings { get; set; }

    public Task<ArchivedChain> ReadChainAsync(string tenant) => Fail<ArchivedChain>();

    public Task<bool> AppendAsync(
        string tenant, ChainEnd before, ChainEnd next, IReadOnlyList<byte[]> entries, IReadOnlyList<AuditTile> tiles) =>
        Fail<bool>();

    public Task<bool> SignAsync(string tenant, SignedHead head) => Fail<bool>();

    public Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count) => Fail<IReadOnlyList<byte[]>>();

    public Task<IReadOnlyList<byte[]>> SearchAsync(string tenant, AuditFilter filter, long from, int count) =>
        Fail<IReadOnlyList<byte[]>>();

    public Task<IReadOnlyList<AuditTile>> ReadTilesAsync(string tenant, IReadOnlyList<(int Level, long Index)> tiles) =>
        Fail<IReadOnlyList<AuditTile>>();

    public Task SetRetentionAsync(string tenant, AuditRetention retention) => Fail<bool>();

    public Task<bool> PruneAsync(string tenant, long before) => Fail<bool>();

    public Task PingAsync(CancellationToken cancellationToken) => AnswersPings ? Task.CompletedTask : Fail<bool>();

    private Task<T> Fail<T>() => Task.FromException<T>(Failure);
}
