using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// A Lua script that lies beside the code that owns it. The client sends EVALSHA and loads the script again when the
/// store has forgotten it (NOSCRIPT).
/// </summary>
internal sealed class LuaScript
{
    private LuaScript(string text) => Text = text;

    public string Text { get; }

    /// <summary>Reads the embedded script with that file name.</summary>
    public static LuaScript Load(string fileName) => new(Read(fileName));

    /// <summary>Reads a script that others of its kind begin with, and the one that follows.</summary>
    public static LuaScript Load(string beginning, string fileName) => new(Read(beginning) + Read(fileName));

    public Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, params RedisValue[] values) =>
        database.ScriptEvaluateAsync(Text, keys, values);

    private static string Read(string fileName)
    {
        using var stream = typeof(LuaScript).Assembly.GetManifestResourceStream(fileName)
            ?? throw new InvalidOperationException($"The script {fileName} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
