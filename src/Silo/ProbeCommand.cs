namespace Gatehouse.Silo;

/// <summary>
/// Asks a health endpoint, for containers: their image has neither a shell nor curl, and an orchestrator without probes
/// over HTTP can only run a program.
/// </summary>
public static class ProbeCommand
{
    /// <summary>The first argument.</summary>
    public const string Name = "probe";

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Answers the exit code: 0 when the endpoint says that all is well, 1 when it does not, 2 for a wrong call.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        if (args is not [Name, var text] || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme != Uri.UriSchemeHttp)
        {
            await errors.WriteLineAsync($"Usage: {Name} http://127.0.0.1:8080/health/ready");
            return 2;
        }

        // Not through a proxy that the environment names: this is about the process next door.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = AnswersWithin };
        try
        {
            using var response = await client.GetAsync(url);
            await output.WriteLineAsync($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException)
        {
            await errors.WriteLineAsync($"{url} does not answer.");
            return 1;
        }
    }
}
