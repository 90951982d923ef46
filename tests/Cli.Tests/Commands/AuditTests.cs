using System.Diagnostics;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Cli.Auditing;
using Gatehouse.Cli.Tests.Fixtures;
using Gatehouse.Verifier;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary><c>gatehouse audit</c>.</summary>
public sealed class AuditTests(CommandHost host) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Export_IsVerifiedByTheSameCommandLine()
    {
        var tenant = await TenantWithEventsAsync(3);
        var (export, keys) = (In("acme.ndjson"), In("keys.json"));

        var made = await host.RunAsync(["audit", "export", tenant, "--output", export, "--jwks", keys]);
        var good = await host.RunAsync(["audit", "verify", export, "--jwks", keys]);
        File.WriteAllText(export, File.ReadAllText(export).Replace("login", "logon", StringComparison.Ordinal));
        var bad = await host.RunAsync(["audit", "verify", export, "--jwks", keys, "--json"]);

        Assert.Equal((0, ""), (made.Code, made.Errors));
        Assert.Contains($"wrote 3 entries to {export}; now: gatehouse audit verify {export} --jwks {keys}", made.Output,
            StringComparison.Ordinal);
        Assert.Equal(0, good.Code);
        Assert.Contains($"VERIFIED entries 0 to 2 of gatehouse/local/{tenant}: 3 of them", good.Output, StringComparison.Ordinal);
        Assert.Equal(1, bad.Code);
        Assert.Equal("edit", bad.Json.GetProperty("fault").GetProperty("kind").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(export));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public async Task Export_OfAPart_AndWhatIsRefused()
    {
        var tenant = await TenantWithEventsAsync(3);

        var part = await host.RunAsync(["audit", "export", tenant, "-o", In("part"), "--from", "1", "--to", "2", "--json"]);
        var again = await host.RunAsync(["audit", "export", tenant, "-o", In("part")]);
        var beyond = await host.RunAsync(["audit", "export", tenant, "-o", In("beyond"), "--to", "9"]);
        var nowhere = await host.RunAsync(["audit", "export", tenant, "-o", In("no/such/folder")]);

        Assert.Equal((0, 2, 1, 2), (part.Code, again.Code, beyond.Code, nowhere.Code));
        Assert.Equal(1, part.Json.GetProperty("entries").GetInt32());
        Assert.EndsWith("is there already; nothing is overwritten\n", again.Errors, StringComparison.Ordinal);
        Assert.Contains("404 event_not_found", beyond.Errors, StringComparison.Ordinal);
        Assert.Contains("cannot be written", nowhere.Errors, StringComparison.Ordinal);
        Assert.Equal([In("part")], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("{\"count\":2}\n{}\n", "1 of 2 entries came")]
    [InlineData("no manifest\n", "0 of -1 entries came")]
    public async Task Export_ThatIsCutOff_LeavesNoFile(string text, string said)
    {
        await using var server = await FakeServer.StartAsync(("/v1/tenants/acme/audit/export", 200, text));

        var run = await server.RunAsync(["audit", "export", "acme", "-o", In("cut")]);

        Assert.Equal(2, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData]
    [InlineData("--json")]
    [InlineData("no-such-file", "--jwks", "no-such-keys")]
    [InlineData("a", "--jwks")]
    [InlineData("--jwks", "k", "--jwks", "k")]
    [InlineData("a", "--jwks", "k", "--url", "http://localhost", "--json")]
    public async Task Verify_IsTheVerifier_WhateverItIsGiven(params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = VerifierCommand.Run(args, static () => Stream.Null, output, errors);

        var run = await CommandRun.OfAsync(["audit", "verify", .. args]);

        Assert.Equal((code, output.ToString(), errors.ToString()), (run.Code, run.Output, run.Errors));
        Assert.Equal(2, code);
    }

    [Fact]
    public async Task Tail_ShowsWhatWasAndWhatComes_UntilItIsEnded()
    {
        var tenant = await TenantWithEventsAsync(2);
        using var end = new CancellationTokenSource();
        var terminal = CommandRun.Terminal(host.Environment(), null, out var output, out var errors);
        var run = GatehouseCommand.RunAsync(["audit", "tail", tenant, "--from", "0"], terminal, end.Token);
        await Eventually.HoldsAsync(() => Task.FromResult(Lines(output) == 2), Patience);

        await AppendAsync(tenant);
        await Eventually.HoldsAsync(() => Task.FromResult(Lines(output) == 3), Patience);
        await end.CancelAsync();

        Assert.Equal((0, ""), (await run, errors.ToString()!));
        Assert.Matches(@"^0  \S+Z  user:7  login  order:42  success\n1  .*\n2  ", output.ToString()!);
    }

    [Fact]
    public async Task Tail_OfALostConnection_GoesOnBehindTheLastEvent()
    {
        var (asked, cut) = (new List<string>(), new TaskCompletionSource());
        await using var server = await FakeServer.StartAsync(context => Path.GetFileName(context.Request.Path) switch
        {
            "head" => context.Response.WriteAsync("""{"size":5}"""),
            _ => StreamAsync(context, asked, cut.Task),
        });
        using var end = new CancellationTokenSource();
        var terminal = CommandRun.Terminal(new() { ["GATEHOUSE_URL"] = server.Url }, null, out var output, out var errors);
        var run = GatehouseCommand.RunAsync(["audit", "tail", "acme", "--json"], terminal, end.Token);

        await Eventually.HoldsAsync(() => Task.FromResult(Lines(output) == 1), Patience);
        cut.SetResult();
        await Eventually.HoldsAsync(() => Task.FromResult(Lines(output) == 2), Patience);
        await end.CancelAsync();

        Assert.Equal(0, await run);
        Assert.Equal(["?from=5/", "?from=5/", "?from=5/5"], asked[..3]);
        Assert.Equal("{\"seq\":5}\n{\"seq\":6}\n", output.ToString());
        Assert.Equal("connection lost; trying again, nothing is missed\n", errors.ToString());
    }

    [Fact]
    public async Task Tail_ThatIsRefused_SaysWhyAndEnds()
    {
        var tenant = await host.Host.NewTenantAsync();
        var key = await host.Host.NewKeyAsync(tenant);

        var run = await host.RunAsync(["audit", "tail", tenant], key);

        Assert.Equal(1, run.Code);
        Assert.Contains("(403 missing_scope, request ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_OnCtrlC_EndsWithZero()
    {
        var tenant = await TenantWithEventsAsync(1);
        var start = new ProcessStartInfo("dotnet", [typeof(Terminal).Assembly.Location, "audit", "tail", tenant, "--from", "0"])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in host.Environment())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            Assert.StartsWith("0  ", await process.StandardOutput.ReadLineAsync().WaitAsync(Patience), StringComparison.Ordinal);
            Signals.Send(process.Id, Signals.Interrupt);
            await process.WaitForExitAsync().WaitAsync(Patience);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [Fact]
    public void Line_OfAnEvent_MovesNoCursor()
    {
        var line = TailCommand.Line(JsonSerializer.Serialize(new
        {
            seq = 1,
            recordedAt = "now",
            actor = new { type = "user", id = "\u001b[2Jroot\u202e" },
            action = "a\nb",
            outcome = "success",
        }));

        Assert.Equal(
            @"1  now  user:\u001b[2Jroot\u202e  a\u000ab  -  success", Terminal.Printable(line));
    }

    private static int Lines(TextWriter output) => output.ToString()!.Count(static character => character == '\n');

    /// <summary>Nothing at first, and an end; then an event, and a cut within the next; then the one behind it.</summary>
    private static async Task StreamAsync(HttpContext context, List<string> asked, Task cut)
    {
        asked.Add($"{context.Request.QueryString}/{context.Request.Headers["Last-Event-ID"]}");
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("retry: 1000\n\n: alive\n\n");
        if (asked.Count > 1)
        {
            var seq = 3 + asked.Count;
            await context.Response.WriteAsync(
                $"id: {seq}\ndata: {{\"seq\":{seq}}}\n\nid: 99\ndata: {{\"seq\":99");
        }

        if (asked.Count == 2)
        {
            await context.Response.Body.FlushAsync();
            await cut;
            context.Abort();
        }
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private async Task<string> TenantWithEventsAsync(int count)
    {
        var tenant = await host.Host.NewTenantAsync();
        for (var i = 0; i < count; i++)
        {
            await AppendAsync(tenant);
        }

        return tenant;
    }

    private async Task AppendAsync(string tenant)
    {
        var answer = await host.Host.SendAsync(
            HttpMethod.Post, $"/v1/tenants/{tenant}/audit/events", TestHost.AdminKey, """
            {"actor":{"type":"user","id":"7"},"action":"login","resource":{"type":"order","id":"42"},"outcome":"success"}
            """);
        Assert.True(answer.Status == 201, answer.Text);
    }
}
