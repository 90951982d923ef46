using Gatehouse.Grains.Abstractions.Membership;
using Orleans.Runtime;

namespace Gatehouse.Grains.Membership;

/// <summary>
/// Looks every few seconds whether the membership table still names this silo. Orleans goes on when it does not, with
/// nothing but an error in the log, and silos that start then form a cluster of their own.
/// </summary>
internal sealed partial class MembershipHealth(
    IMembershipReader reader, ILocalSiloDetails self, MembershipMetrics metrics, TimeProvider time,
    ILogger<MembershipHealth> logger) : BackgroundService
{
    /// <summary>How often the table is looked at.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(2);

    private volatile TableVerdict _verdict = TableVerdict.Unknown;
    private volatile bool _isLossLogged;

    /// <summary>As of the last look.</summary>
    public TableVerdict Verdict => _verdict;

    /// <summary>Looks once. Answers the rows, or null when they could not be read.</summary>
    public async Task<IReadOnlyList<MembershipEntry>?> LookAsync()
    {
        var rows = await ReadAsync();
        var verdict = ClusterRows.Judge(rows, self.SiloAddress);
        _verdict = verdict;
        metrics.Judged(verdict);
        if (verdict is TableVerdict.Lost && !_isLossLogged)
        {
            LogLost(self.SiloAddress);
        }

        _isLossLogged = verdict is TableVerdict.Lost || (_isLossLogged && verdict is TableVerdict.Unknown);

        return rows;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LookAsync();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync();
        }
    }

    private async Task<IReadOnlyList<MembershipEntry>?> ReadAsync()
    {
        try
        {
            return await reader.ReadAsync().WaitAsync(ReadMax, time);
        }
#pragma warning disable CA1031 // Whatever the reason: it is not known whether the table is intact.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogUnreadable(failure);
            return null;
        }
    }

    [LoggerMessage(1401, LogLevel.Critical,
        "The membership table does not name {Silo}, which is running: it was deleted or replaced. Silos that start " +
        "now form a second cluster. Restart the silos that were running before, one by one")]
    private partial void LogLost(SiloAddress silo);

    [LoggerMessage(1402, LogLevel.Warning, "The membership table cannot be read")]
    private partial void LogUnreadable(Exception failure);
}
