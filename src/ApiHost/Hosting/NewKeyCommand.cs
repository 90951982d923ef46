using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Hosting;

/// <summary><c>new-key {tenant}.{name}</c>: makes an API key for a tenants file, which holds its hash only.</summary>
internal static class NewKeyCommand
{
    public const string Name = "new-key";

    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        var id = args.Length == 2 ? args[1] : "";
        var dot = id.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !TenantNames.IsTenant(id.AsSpan(0, dot)) || !TenantNames.IsPolicy(id.AsSpan(dot + 1)))
        {
            errors.WriteLine($"usage: {Name} <tenant>.<name>, such as {Name} acme.ci");
            return 2;
        }

        var token = ApiKeyToken.CreateFor(id);
        output.WriteLine($"key (keep it secret)   {token}");
        output.WriteLine($"secretHash             {ApiKeyToken.Hash(token)}");
        return 0;
    }
}
