using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.ApiHost.Http;

/// <summary>The password of an <c>Authorization: Basic</c> header; who it says it is does not matter.</summary>
internal static class BasicPassword
{
    private const string Scheme = "Basic ";
    private const int LengthMax = 2048;

    public static bool TryRead(string authorization, [NotNullWhen(true)] out string? password)
    {
        password = null;
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Length > LengthMax)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[LengthMax];
        if (!Convert.TryFromBase64Chars(authorization.AsSpan(Scheme.Length).Trim(), bytes, out var length))
        {
            return false;
        }

        // No user name has a colon; a password may.
        var colon = bytes[..length].IndexOf((byte)':');
        password = colon < 0 ? null : Encoding.UTF8.GetString(bytes[(colon + 1)..length]);
        return password is not null;
    }
}
