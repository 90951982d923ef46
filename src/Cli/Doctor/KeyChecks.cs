namespace Gatehouse.Cli.Doctor;

/// <summary>The admin key and the key-encryption key.</summary>
internal static class KeyChecks
{
    private const int DistinctMin = 10;
    private static readonly string[] Placeholders =
        ["changeme", "password", "example", "secret", "adminkey", "letmein"];


    public static IEnumerable<Finding> Of(SettingsFacts settings, KeyFacts keys)
    {
        if (!settings.IsSilo)
        {
            yield return Admin(settings, keys.AdminKey);
        }

        // A client of silos signs nothing itself.
        if (settings is { Topology: not Silo.Topology.Client } or { IsSilo: true })
        {
            yield return Kek(settings, keys.KekId);
            foreach (var finding in Rings(keys))
            {
                yield return finding;
            }
        }
    }

    private static Finding Admin(SettingsFacts settings, string? key)
    {
        const string Check = "admin key";
        return string.IsNullOrEmpty(key)
            ? settings.IsDevelopment
                ? Finding.Ok(Check, "not set; in Development it is made at the first start")
                : Finding.Warn(
                    Check, "not set: no admin call succeeds",
                    "set Gatehouse:Auth:AdminKey to 32 random characters or more, such as from 'openssl rand -hex 32'")
            : Weakness(key) is { } weakness
                ? Finding.Warn(
                    Check, $"easy to guess: {weakness}",
                    "set Gatehouse:Auth:AdminKey to a random one, such as from 'openssl rand -hex 32'")
                : Finding.Ok(Check, $"{key.Length} characters");
    }

    /// <summary>Why a key could be guessed; null when nothing speaks for it.</summary>
    internal static string? Weakness(string key)
    {
        var plain = string.Concat(key.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        // What a random key is not: few different characters, a word over and over, a word that everybody thinks of.
        return key.Length < 32 ? "it has fewer than 32 characters"
            : key.Distinct().Count() < DistinctMin ? $"it has fewer than {DistinctMin} different characters"
            : (key + key).IndexOf(key, 1, StringComparison.Ordinal) < key.Length ? "it repeats itself"
            : Placeholders.Any(word => plain.Contains(word, StringComparison.Ordinal)) ? "it looks like a placeholder"
            : null;
    }

    private static Finding Kek(SettingsFacts settings, string? id)
    {
        const string Check = "key-encryption key";
        return id is not null ? Finding.Ok(Check, $"{id}, 32 bytes")
            : settings.IsDevelopment ? Finding.Ok(Check, "not set; in Development it is made at the first start")
            : Finding.Fail(
                Check, "none that can be used: a silo does not start",
                "put the output of 'openssl rand -base64 32' into a file of mode 0400: Gatehouse:SigningKeys:KekFile");
    }

    private static IEnumerable<Finding> Rings(KeyFacts keys)
    {
        const string Check = "key rings";
        const string Rewrap = "POST /v1/keys/rewrap until remaining is 0";
        if (keys.RingsByKek is not { } rings || keys.KekId is not { } kek)
        {
            yield break;
        }

        var shut = rings.Where(ring => ring.Key != kek && ring.Key != keys.PreviousKekId)
            .Sum(static ring => ring.Value);
        if (shut > 0)
        {
            yield return Finding.Fail(
                Check, $"{shut} are wrapped under a key-encryption key that is not configured: a silo does not start",
                "configure the key that they were wrapped with (docs/operations/keys.md)");
        }

        if (keys.PreviousKekId is { } previous && previous != kek)
        {
            var left = rings.GetValueOrDefault(previous);
            yield return left > 0
                ? Finding.Warn(Check, $"{left} still need the previous key-encryption key", $"{Rewrap}, then remove it")
                : Finding.Warn(
                    Check, "none needs the previous key-encryption key any more",
                    "remove Gatehouse:SigningKeys:PreviousKek or PreviousKekFile");
        }
        else if (shut == 0)
        {
            yield return Finding.Ok(Check, $"{rings.Sum(static ring => ring.Value)}, all opened by the configured key");
        }
    }
}
