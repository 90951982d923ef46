using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier;

/// <summary>
/// The lines of a stream, each with 0x00 before it, where it stands in the buffer: so that it is hashed without being
/// copied. The memory that it takes is one buffer, whatever the stream holds.
/// </summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>More than one line may have: the rest of a longer one is passed over.</summary>
    private const int LineLengthCut = ExportManifest.LineLengthMax + 1;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(4 * LineLengthCut);
    // What stands before a line is the line feed of the one before it, or this first byte.
    private int _start = 1;
    private int _end = 1;

    /// <summary>Whether the stream ended within a line.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Reads the next line; false: there is none that ends with a line feed.</summary>
    /// <param name="leaf">0x00 and the line, without its line feed. It is good until the next call.</param>
    public bool TryRead(out ReadOnlySpan<byte> leaf)
    {
        var seen = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + seen, _end - _start - seen).IndexOf((byte)'\n');
            if (length >= 0)
            {
                length += seen;
                _buffer[_start - 1] = 0;
                leaf = _buffer.AsSpan(_start - 1, 1 + Math.Min(length, LineLengthCut));
                _start += length + 1;
                return true;
            }

            seen = Math.Min(_end - _start, LineLengthCut);
            if (!Fill(seen))
            {
                IsCut = seen > 0;
                leaf = default;
                return false;
            }
        }
    }

    /// <summary>Keeps the beginning of the line and reads on behind it.</summary>
    private bool Fill(int keep)
    {
        _buffer.AsSpan(_start, keep).CopyTo(_buffer.AsSpan(1));
        (_start, _end) = (1, 1 + keep);
        var count = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += count;
        return count > 0;
    }
}
