using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Holds an answer back until it is recorded. One that grows too large, or that must not be held back, is passed on as
/// it comes and is not kept.
/// </summary>
internal sealed class CapturedBody(IHttpResponseBodyFeature inner, int keptMax) : Stream, IHttpResponseBodyFeature
{
    private readonly ArrayBufferWriter<byte> _kept = new();
    private PipeWriter? _writer;
    private bool _isUnbuffered;

    /// <summary>Whether the answer went on its way: it is not here.</summary>
    public bool IsPassedOn { get; private set; }

    /// <summary>The answer, unless it was passed on.</summary>
    public ReadOnlyMemory<byte> Kept => _kept.WrittenMemory;

    public Stream Stream => this;

    public PipeWriter Writer => _writer ??= PipeWriter.Create(this, new StreamPipeWriterOptions(leaveOpen: true));

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void DisableBuffering()
    {
        _isUnbuffered = true;
        inner.DisableBuffering();
    }

    /// <summary>Headers that are on their way cannot say any more that the answer is not recorded.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default) =>
        _isUnbuffered ? PassOnAsync(cancellationToken) : Task.CompletedTask;

    public Task SendFileAsync(
        string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);

    public async Task CompleteAsync()
    {
        await FinishAsync();
        if (IsPassedOn)
        {
            await inner.CompleteAsync();
        }
    }

    /// <summary>Brings in what was written and not flushed.</summary>
    public async Task FinishAsync()
    {
        if (_writer is not null)
        {
            await _writer.FlushAsync();
        }
    }

    /// <summary>Sends what was held back.</summary>
    public async Task SendAsync(CancellationToken cancellation)
    {
        if (!IsPassedOn && _kept.WrittenCount > 0)
        {
            await inner.Stream.WriteAsync(_kept.WrittenMemory, cancellation);
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsPassedOn)
        {
            await inner.Stream.WriteAsync(buffer, cancellationToken);
            return;
        }

        // Copied before anything is awaited, as the server does: who writes may count on having its buffer back.
        _kept.Write(buffer.Span);
        if (_isUnbuffered || _kept.WrittenCount > keptMax)
        {
            await PassOnAsync(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Without waiting, only what is held back can be written; the server refuses it otherwise.</summary>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (IsPassedOn || _isUnbuffered || _kept.WrittenCount + count > keptMax)
        {
            throw new InvalidOperationException("Synchronous operations are disallowed. Call WriteAsync instead.");
        }

        _kept.Write(buffer.AsSpan(offset, count));
    }

    public override void Flush()
    {
        if (IsPassedOn)
        {
            inner.Stream.Flush();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        IsPassedOn ? inner.Stream.FlushAsync(cancellationToken) : Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task PassOnAsync(CancellationToken cancellation)
    {
        IsPassedOn = true;
        await inner.StartAsync(cancellation);
        await inner.Stream.WriteAsync(_kept.WrittenMemory, cancellation);
        _kept.ResetWrittenCount();
    }
}
