namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Another process gives no signal when it has seen something: it is asked until it has, or time is up.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan within)
    {
        using var end = new CancellationTokenSource(within);
        while (!await condition())
        {
            await Task.Delay(100, end.Token);
        }
    }
}
