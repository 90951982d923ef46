namespace Gatehouse.Verifier.Tests;

/// <summary>A stream, and behind it one very long line.</summary>
internal sealed class EndlessLine(Stream first, long length) : Stream
{
    private long _left = length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (first.Read(buffer, offset, count) is > 0 and var read)
        {
            return read;
        }

        var more = (int)Math.Min(count, _left);
        buffer.AsSpan(offset, more).Fill((byte)'x');
        _left -= more;
        if (_left == 0 && more > 0)
        {
            buffer[offset + more - 1] = (byte)'\n';
        }

        return more;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
