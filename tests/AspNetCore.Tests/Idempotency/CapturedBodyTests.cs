using Gatehouse.AspNetCore.Idempotency;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>An answer on its way.</summary>
public class CapturedBodyTests
{
    [Fact]
    public async Task ABufferThatIsUsedAgain_WhileTheServerIsSlow_IsNotWhatArrives()
    {
        var (sent, server) = (new MemoryStream(), new SlowServer());
        await using var body = new CapturedBody(new Response(sent, server), keptMax: 4);
        var buffer = "first"u8.ToArray();

        var writing = body.WriteAsync(buffer);
        "other"u8.CopyTo(buffer);
        server.Started.SetResult();
        await writing;

        Assert.Equal("first"u8.ToArray(), sent.ToArray());
        Assert.True(body.IsPassedOn);
    }

    private sealed class SlowServer
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Response(Stream sent, SlowServer server) : StreamResponseBodyFeature(sent)
    {
        public override Task StartAsync(CancellationToken cancellationToken = default) => server.Started.Task;
    }
}
