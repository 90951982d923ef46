namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Another process gives no signal when it has seen something: it is asked until it has, or time is up.</summary>
internal static class Eventually
{
    /// <param name="condition">What is to hold.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="insteadOfThat">What to say when it has not.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan within, Func<string>? insteadOfThat = null)
    {
        using var end = new CancellationTokenSource(within);
        while (!await condition())
        {
            try
            {
                await Task.Delay(100, end.Token);
            }
            catch (OperationCanceledException failure) when (insteadOfThat is not null)
            {
                throw new TimeoutException(insteadOfThat(), failure);
            }
        }
    }
}
