using System.Threading.Channels;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>What tests wait for.</summary>
internal static class Signals
{
    /// <summary>The next one. What never comes fails the test instead of hanging it.</summary>
    public static Task<T> NextAsync<T>(this Channel<T> signals) =>
        signals.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
