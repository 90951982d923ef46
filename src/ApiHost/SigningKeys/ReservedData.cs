using System.Text;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>
/// What callers may not have signed: the checkpoints of the tenant's own audit log. They are signed with the same
/// key, as text whose first line is <c>{deployment}/{region}/{tenant}</c> (C2SP tlog-checkpoint); a caller who could
/// have one signed could forge a log.
/// </summary>
internal static class ReservedData
{
    public const string Rule = "must not begin with the name of the tenant's own audit log";

    public static bool Is(ReadOnlySpan<byte> data, string region, string tenant)
    {
        var end = data.IndexOf((byte)'\n');
        return end >= 0 && data[..end].EndsWith(Encoding.UTF8.GetBytes($"/{region}/{tenant}"));
    }
}
