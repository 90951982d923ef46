using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// A Lua script that lies beside the code that owns it. It is called by its hash, and sent again when the store has
/// forgotten it (NOSCRIPT). Given its text, the client would hash all of that for every call.
/// </summary>
internal sealed class LuaScript
{
    private readonly byte[] _hash;

    private LuaScript(string text)
    {
        Text = text;
#pragma warning disable CA5350 // Not for security: it is how a store names a script.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    public string Text { get; }

    /// <summary>Reads the embedded script with that file name.</summary>
    public static LuaScript Load(string fileName) => new(Read(fileName));

    /// <summary>Reads a script that others of its kind begin with, and the one that follows.</summary>
    public static LuaScript Load(string beginning, string fileName) => new(Read(beginning) + Read(fileName));

    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, params RedisValue[] values)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, values);
        }
        catch (RedisServerException failure) when (failure.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(Text, keys, values);
        }
    }

    private static string Read(string fileName)
    {
        using var stream = typeof(LuaScript).Assembly.GetManifestResourceStream(fileName)
            ?? throw new InvalidOperationException($"The script {fileName} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
