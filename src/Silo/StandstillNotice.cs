using System.Threading.Channels;
using Gatehouse.Grains.Membership;
using Gatehouse.Grains.Resilience;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Gatehouse.Silo;

/// <summary>
/// After a standstill the silo looks at once whether the others have declared it dead; by itself the runtime would look
/// within <see cref="Standstill.DoubtMax"/>. If they have, the runtime ends the process.
/// </summary>
internal sealed partial class StandstillNotice(
    Standstill standstill, IClusterMembershipService members, MembershipMetrics metrics,
    ILogger<StandstillNotice> logger) : BackgroundService
{
    // One look answers for all that ended before it.
    private readonly Channel<TimeSpan> _ended = Channel.CreateBounded<TimeSpan>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        standstill.Ended += Note;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        standstill.Ended -= Note;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in _ended.Reader.ReadAllAsync(stoppingToken))
        {
            await LookAsync();
        }
    }

    private void Note(TimeSpan length)
    {
        metrics.StoodStill();
        LogStoodStill((long)length.TotalMilliseconds);
        _ended.Writer.TryWrite(length);
    }

    private async Task LookAsync()
    {
        try
        {
            await members.Refresh();
        }
#pragma warning disable CA1031 // The runtime itself will look again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogUnread(failure);
        }
    }

    [LoggerMessage(1403, LogLevel.Warning,
        "This process stood still for {Milliseconds} ms: the others may have declared it dead, and it looks whether")]
    private partial void LogStoodStill(long milliseconds);

    [LoggerMessage(1404, LogLevel.Warning, "Whether the others have declared this silo dead could not be read")]
    private partial void LogUnread(Exception failure);
}
