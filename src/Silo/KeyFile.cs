namespace Gatehouse.Silo;

/// <summary>Keys of a developer's machine: each is made once, and its file is readable by its owner only.</summary>
public static class KeyFile
{
    /// <summary>Makes the file, unless it is there. Answers whether it was made now.</summary>
    /// <param name="path">Where it is; the folder is made, too.</param>
    /// <param name="makeKey">Makes the key that it holds.</param>
    public static bool Ensure(string path, Func<string> makeKey)
    {
        if (File.Exists(path))
        {
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.WriteLine(makeKey());
        return true;
    }
}
