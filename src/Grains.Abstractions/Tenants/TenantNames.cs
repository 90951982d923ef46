namespace Gatehouse.Grains.Abstractions.Tenants;

/// <summary>
/// What tenants and policies may be called. The alphabet keeps names safe in keys, paths, channels and headers.
/// </summary>
public static class TenantNames
{
    /// <summary>The rule for a tenant's id, in words.</summary>
    public const string TenantRule = "must be 1 to 64 of a-z, 0-9 and '-', starting and ending with a letter or digit";

    /// <summary>The rule for a policy's name, in words.</summary>
    public const string PolicyRule = "must be 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit";

    /// <summary>Whether the text is a tenant's id.</summary>
    public static bool IsTenant(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
        && text.IndexOfAnyExcept(TenantAlphabet) < 0;

    /// <summary>Whether the text is a policy's name.</summary>
    public static bool IsPolicy(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(text[0]) && text.IndexOfAnyExcept(PolicyAlphabet) < 0;

    private static readonly System.Buffers.SearchValues<char> TenantAlphabet =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private static readonly System.Buffers.SearchValues<char> PolicyAlphabet =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");
}
