namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>
/// Something that one client did. If it had an effect, it had it at one moment between start and end. Times are on one
/// monotonic clock, see <see cref="HistoryClock"/>.
/// </summary>
internal interface IOperation
{
    TimeSpan Start { get; }

    TimeSpan End { get; }
}
