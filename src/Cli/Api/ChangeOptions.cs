using System.CommandLine;

namespace Gatehouse.Cli.Api;

/// <summary>What every change can be told.</summary>
internal sealed class ChangeOptions
{
    /// <summary>Do not ask.</summary>
    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do it without asking." };

    private readonly Option<string> _key = new("--idempotency-key")
    {
        Description = "Repeats a change whose outcome is not known: it is done once. Default: a new key.",
        HelpName = "key",
    };

    public ChangeOptions AddTo(Command command, bool asks = false)
    {
        command.Add(_key);
        if (asks)
        {
            command.Add(Yes);
        }

        return this;
    }

    /// <summary>What makes this change one change, however often it is sent.</summary>
    public string KeyOf(Call call) => call.Get(_key) ?? Guid.NewGuid().ToString();
}
