using System.CommandLine;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Cli.Tests.Fixtures;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Cli.Tests.Commands;

/// <summary>What all commands share: how they are called, whom they ask, as whom, and how they fail.</summary>
public sealed class CommandLineTests(CommandHost host)
{
    [Theory]
    [InlineData("Required command was not provided. See: gatehouse --help")]
    [InlineData("See: gatehouse tenant --help", "tenant")]
    [InlineData("See: gatehouse tenant show --help", "tenant", "show")]
    [InlineData("See: gatehouse limit check --help", "limit", "check", "t", "p", "--cost", "many")]
    [InlineData("'gh_***'", "tenant", "show", "t", "--key", "gh_t.ci_0123456789")]
    [InlineData("--timeout must be between 0.1 and 3600 seconds", "health", "--timeout", "0")]
    [InlineData("--url must be the address of a server", "health", "--url", "localhost")]
    [InlineData("--url must be the address of a server", "health", "--url", "http://admin:hunter2@localhost")]
    [InlineData("GATEHOUSE_KEY must hold a key", "health")]
    [InlineData("--key-file /no/such/file cannot be read", "health", "--key-file", "/no/such/file")]
    public async Task Call_ThatIsWrong_SaysSoInOneLine(string said, params string[] args)
    {
        var run = await CommandRun.OfAsync(args, new() { ["GATEHOUSE_KEY"] = args is ["health"] ? "two words" : "" });
        var json = await CommandRun.OfAsync([.. args, "--json"], new() { ["GATEHOUSE_KEY"] = "two words" });

        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, run.Errors.Count(static character => character == '\n'));
        Assert.Equal((2, "usage"), (json.Code, json.Json.GetProperty("code").GetString()));
        Assert.DoesNotContain("hunter2", run.All + json.All, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", run.All + json.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfEveryCommand_HasItsExamples()
    {
        foreach (var (path, command) in CommandTree.All().Where(static one => one.Command.Subcommands.Count == 0))
        {
            var run = await CommandRun.OfAsync([.. path.Split(' ')[1..], "--help"]);

            Assert.Equal((0, ""), (run.Code, run.Errors));
            var examples = ((ExampleCommand)command).Examples;
            Assert.NotEmpty(examples);
            Assert.All(examples, example => Assert.Contains(example, run.Output, StringComparison.Ordinal));
        }
    }

    /// <summary>Whoever may list processes can read command lines.</summary>
    [Fact]
    public void Options_NeverTakeACredential() => Assert.DoesNotContain(
        CommandTree.All().SelectMany(static one => one.Command.Options.Select(static option => option.Name)),
        static name => name is "--key" or "--token" or "--password" or "--api-key" or "--admin-key");

    [Theory]
    [InlineData("0600", 0)]
    [InlineData("0440", 0)]
    [InlineData("0644", 2)]
    [InlineData("0620", 2)]
    public async Task KeyFile_IsUsedUnlessOthersMayReadIt(string mode, int code)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "key");
        File.WriteAllText(path, TestHost.AdminKey + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));

        var run = await host.RunAsync(["tenant", "show", await host.Host.NewTenantAsync(), "--key-file", path], key: "wrong");

        Assert.Equal(code, run.Code);
        Assert.Equal(code == 2, run.Errors.Contains("must not be readable by others", StringComparison.Ordinal));
        Assert.DoesNotContain(TestHost.AdminKey, run.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsUnreachable()
    {
        var url = $"http://127.0.0.1:{Ports.Free()}";

        var read = await CommandRun.OfAsync(["tenant", "show", "t", "--url", url]);
        var change = await CommandRun.OfAsync(["tenant", "put", "t", "--url", url, "--json"]);

        Assert.Equal((2, 2), (read.Code, change.Code));
        Assert.StartsWith($"{url}/ cannot be reached: ", read.Errors, StringComparison.Ordinal);
        Assert.Equal("unreachable", change.Json.GetProperty("code").GetString());
        // Nothing was sent, so there is nothing to be found out.
        Assert.DoesNotContain("--idempotency-key", change.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ThatIsNotAnswered_SaysHowToRepeatIt()
    {
        var keys = new List<string>();
        await using var server = await FakeServer.StartAsync(async context =>
        {
            keys.Add($"{context.Request.Headers["Idempotency-Key"]}");
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        var run = await server.RunAsync(["tenant", "put", "t", "--timeout", "0.5"]);

        Assert.Equal(2, run.Code);
        Assert.True(Guid.TryParse(Assert.Single(keys), out _));
        Assert.EndsWith(
            $"no answer within 0.5 s; whether it was done is not known: repeat it with --idempotency-key {keys[0]}\n",
            run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, """{"code":"service_overloaded","message":"Busy","applied":"unknown","retryAfterMs":9}""", 1,
        "refused: Busy (429 service_overloaded, request unknown); whether it was done is not known")]
    [InlineData(429, """{"code":"service_overloaded","message":"Busy","applied":"no","retryAfterMs":9}""", 1,
        "refused: Busy (429 service_overloaded, request unknown); try again in 9 ms")]
    [InlineData(500, """{"code":"internal_error","title":"A defect"}""", 1,
        "A defect (500 internal_error, request unknown); whether")]
    [InlineData(503, """{"code":"chain_frozen","detail":"The chain is frozen."}""", 1, "refused: The chain is frozen (503")]
    [InlineData(502, "<html>Bad Gateway</html>", 2, "the server answered 502, and not as Gatehouse does")]
    [InlineData(302, "", 2, "the server answered 302, and not as Gatehouse does")]
    public async Task Refusal_OfAChange_IsTranslated(int status, string body, int code, string said)
    {
        await using var server = await FakeServer.StartAsync(("/v1/tenants/t", status, body));

        var run = await server.RunAsync(["tenant", "put", "t"]);

        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
    }

    /// <summary>Each command that changes something says so in the one way that makes it safe to repeat.</summary>
    [Theory]
    [InlineData("tenant put t")]
    [InlineData("tenant delete t --yes")]
    [InlineData("tenant key new t --scope audit")]
    [InlineData("tenant key revoke t t.k --yes")]
    [InlineData("keys rotate t")]
    [InlineData("keys revoke t v1 --yes")]
    public async Task Change_SendsAnIdempotencyKeyOfItsOwn(string command)
    {
        var keys = new List<string>();
        await using var server = await FakeServer.StartAsync(context =>
        {
            keys.Add($"{context.Request.Headers["Idempotency-Key"]}");
            return context.Response.WriteAsync("{}");
        });

        await server.RunAsync(command.Split(' '));
        await server.RunAsync(command.Split(' '));
        await server.RunAsync([.. command.Split(' '), "--idempotency-key", "mine"]);

        Assert.Equal(3, keys.Distinct().Count());
        Assert.All(keys, Assert.NotEmpty);
        Assert.Equal("mine", keys[2]);
    }
}
