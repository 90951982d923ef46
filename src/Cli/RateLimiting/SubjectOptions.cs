using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Cli.RateLimiting;

/// <summary>Whose counter: an address or a name. The name "203.0.113.7" is not the address 203.0.113.7.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Address">The address, made canonical; null for a name.</param>
internal sealed record Subject(string Text, IPAddress? Address)
{
    public JsonObject ToRequest(long cost) =>
        new() { [Address is null ? "subject" : "ip"] = Text, ["cost"] = cost };

    /// <summary>The counter that a policy counts it at.</summary>
    public RateLimitKey KeyFor(string tenant, string name, RateLimitPolicy policy) => Address is null
        ? new RateLimitKey(tenant, name, SubjectKind.Opaque, Text)
        : new RateLimitKey(tenant, name, SubjectKind.Address, ClientAddress.Subject(Address, policy.Ipv6Prefix));
}

/// <summary>The ways to name a subject.</summary>
internal sealed class SubjectOptions
{
    private readonly Option<string> _ip = new("--ip") { Description = "The caller's address.", HelpName = "address" };

    private readonly Option<string> _name = new("--subject")
    {
        Description = "The caller's name, also where it looks like an address.",
        HelpName = "name",
    };

    public SubjectOptions AddTo(Command command)
    {
        command.Add(_ip);
        command.Add(_name);
        return this;
    }

    /// <summary>The subject; null when none is named.</summary>
    /// <param name="call">The call.</param>
    /// <param name="guess">Taken for an address where it is one, else for a name.</param>
    public Subject? Read(Call call, string? guess = null)
    {
        var (ip, name) = (call.Get(_ip), call.Get(_name));
        if (new[] { ip, name, guess }.Count(static text => text is not null) > 1)
        {
            throw CommandFailure.Usage("only one subject can be named: one of --ip, --subject and the argument");
        }

        if (ip is not null)
        {
            return ClientAddress.TryParse(ip, out var address, out var rule)
                ? new Subject(ip, address)
                : throw CommandFailure.Usage($"--ip {rule}");
        }

        return name is not null ? new Subject(name, null)
            : guess is not null
                ? new Subject(guess, ClientAddress.TryParse(guess, out var guessed, out _) ? guessed : null)
            : null;
    }
}
