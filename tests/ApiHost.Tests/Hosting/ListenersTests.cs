using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Gatehouse.ApiHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace Gatehouse.ApiHost.Tests.Hosting;

/// <summary>A port that another process has is said by its setting, before anything is started.</summary>
public sealed class ListenersTests : IDisposable
{
    private readonly TcpListener _other = new(IPAddress.Loopback, 0);

    public ListenersTests() => _other.Start();

    private int Taken => ((IPEndPoint)_other.LocalEndpoint).Port;

    [Theory]
    [InlineData("http://localhost")]
    [InlineData("http://127.0.0.1")]
    [InlineData("https://127.0.0.1")]
    [InlineData("http://+")]
    [InlineData("http://*")]
    public void Urls_OneThatIsTaken_IsNamed(string url)
    {
        var refused = Assert.Throws<ValidationException>(
            () => Listeners.RefuseTaken(Of(("urls", $"http://127.0.0.1:0;{url}:{Taken}"))));

        Assert.Contains($"urls ({url}:{Taken}): port {Taken}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_OneThatIsTaken_IsNamed_AndTheListBesideThemIsNotLookedAt()
    {
        var refused = Assert.Throws<ValidationException>(() => Listeners.RefuseTaken(
            Of(("Kestrel:Endpoints:Public:Url", $"http://127.0.0.1:{Taken}"))));
        Assert.Contains("Kestrel:Endpoints:Public:Url", refused.Message, StringComparison.Ordinal);

        Listeners.RefuseTaken(Of(
            ("Kestrel:Endpoints:Public:Url", "http://127.0.0.1:0"), ("urls", $"http://127.0.0.1:{Taken}")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("http://localhost:0;http://[::1]:0")]
    [InlineData("http://unix:/tmp/gatehouse-no-such.sock")]
    public void Urls_ThatAreFree_AreNotRefused(string? urls) => Listeners.RefuseTaken(Of(("urls", urls)));

    public void Dispose() => _other.Dispose();

    private static IConfiguration Of(params (string Name, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => setting.Value)).Build();
}
