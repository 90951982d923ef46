using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace Gatehouse.Grains.SigningKeys.Envelopes;

/// <summary>
/// The key-encryption keys of this process: the one that wraps, and one before it that only opens. Read once at start.
/// </summary>
internal sealed class KeyEncryptionKeys
{
    private const string Section = "Gatehouse:SigningKeys";

    private readonly List<KeyEncryptionKey> _all;

    /// <exception cref="ValidationException">One of them cannot be used; the text names the setting and the rule.
    /// </exception>
    public KeyEncryptionKeys(SigningKeysOptions options)
    {
        var current = Read("Kek", options.Kek, options.KekFile) ?? throw new ValidationException(
            $"{Section}:Kek or {Section}:KekFile must be set outside Development: the key that all signing keys are " +
            "encrypted with, 32 random bytes in base64, such as from 'openssl rand -base64 32'. Keep it: without it " +
            "no stored key can be used.");
        var previous = Read("PreviousKek", options.PreviousKek, options.PreviousKekFile);
        _all = previous is null ? [current] : [current, previous];
    }

    public KeyEncryptionKey Current => _all[0];

    public bool Has(string id) => _all.Any(key => key.Id == id);

    /// <summary>Opens an envelope with the key that it names.</summary>
    /// <exception cref="CryptographicException">No configured key opens it.</exception>
    public byte[] Unwrap(KeyPlace place, WrappedKey wrapped) =>
        _all.FirstOrDefault(key => key.Id == wrapped.Kek) is { } key
            ? key.Unwrap(place, wrapped)
            : throw new CryptographicException($"The key-encryption key {wrapped.Kek} is not configured.");

    private static KeyEncryptionKey? Read(string name, string? value, string? file)
    {
        if (string.IsNullOrWhiteSpace(value) && string.IsNullOrWhiteSpace(file))
        {
            return null;
        }

        var setting = string.IsNullOrWhiteSpace(file) ? $"{Section}:{name}" : $"{Section}:{name}File";
        var text = string.IsNullOrWhiteSpace(file) ? value! : ReadFile(setting, file);
        var key = new byte[KeyEncryptionKey.Length];
        if (!Convert.TryFromBase64String(text.Trim(), key, out var length) || length != key.Length)
        {
            throw new ValidationException($"{setting} must be exactly 32 bytes in base64.");
        }

        // An example or a blank, not a key.
        return key.Distinct().Count() < 8
            ? throw new ValidationException($"{setting} must be random; make one with 'openssl rand -base64 32'.")
            : new KeyEncryptionKey(key);
    }

    private static string ReadFile(string setting, string path)
    {
        try
        {
            const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            {
                throw new ValidationException(
                    $"{setting} {path} must not be readable by others nor writable by its group: chmod 0400 or 0440.");
            }

            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ValidationException($"{setting} {path} cannot be read: {failure.Message}");
        }
    }
}
