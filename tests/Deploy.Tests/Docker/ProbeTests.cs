using System.Net;
using System.Net.Sockets;
using Gatehouse.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Deploy.Tests.Docker;

/// <summary>The health check of the images, which have no other program to ask with.</summary>
public class ProbeTests
{
    [Theory]
    [InlineData(200, 0)]
    [InlineData(503, 1)]
    public async Task Probe_SaysWhatTheEndpointSays(int status, int exitCode)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Map("/health/ready", () => Results.Text("a word", statusCode: status));
        await app.StartAsync();
        using var output = new StringWriter();

        string[] arguments = ["probe", $"{app.Urls.First()}/health/ready"];
        Assert.Equal(exitCode, await ProbeCommand.RunAsync(arguments, output, TextWriter.Null));

        Assert.Equal($"{status} a word", output.ToString().Trim());
    }

    [Theory]
    [InlineData("probe")]
    [InlineData("probe", "/health/ready")]
    [InlineData("probe", "file:///etc/passwd")]
    [InlineData("probe", "http://127.0.0.1/", "more")]
    public async Task Probe_CalledWrongly_SaysHow(params string[] arguments)
    {
        using var errors = new StringWriter();

        Assert.Equal(2, await ProbeCommand.RunAsync(arguments, TextWriter.Null, errors));

        Assert.Contains("probe http://", errors.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Both programs know the word, and neither starts for it.</summary>
    [Theory]
    [InlineData("ApiHost")]
    [InlineData("Silo")]
    public async Task Program_ThatProbes_AsksAndEnds(string program)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/health/ready";
        listener.Stop();

        var result = await Tool.RunAsync("dotnet", "dotnet-sdk-10.0",
            [Path.Combine(AppContext.BaseDirectory, $"Gatehouse.{program}.dll"), "probe", url]);

        Assert.Equal((1, $"{url} does not answer."), (result.ExitCode, result.Errors.Trim()));
    }
}
