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
    private LuaScript(string name, string text)
    {
        Text = text;
        (ByHash, ByText) = (new StoreOperation("EVALSHA", name), new StoreOperation("EVAL", name));
#pragma warning disable CA5350 // Not for security: it is how a store names a script.
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    public string Text { get; }

    /// <summary>How a store names it.</summary>
    public byte[] Hash { get; }

    public StoreOperation ByHash { get; }

    public StoreOperation ByText { get; }

    /// <summary>Reads the embedded script with that file name.</summary>
    public static LuaScript Load(string fileName) => new(Name(fileName), Read(fileName));

    /// <summary>Reads a script that others of its kind begin with, and the one that follows.</summary>
    public static LuaScript Load(string beginning, string fileName) =>
        new(Name(fileName), Read(beginning) + Read(fileName));

    /// <summary>Whether a store did not run a script because it does not know it (any more).</summary>
    public static bool IsForgotten(Exception failure) => failure is RedisServerException
        && failure.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    public Task<RedisResult> RunAsync(RedisCommands redis, RedisKey[] keys, params RedisValue[] values) =>
        redis.EvaluateAsync(this, keys, values);

    private static string Name(string fileName) => Path.GetFileNameWithoutExtension(fileName);

    private static string Read(string fileName)
    {
        using var stream = typeof(LuaScript).Assembly.GetManifestResourceStream(fileName)
            ?? throw new InvalidOperationException($"The script {fileName} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
