using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>
/// A file system that is held still for as long as this lasts. The machine lets go by itself: when the connection ends, and in any
/// case after a few seconds.
/// </summary>
internal sealed class FileSystemFreeze
{
    /// <summary>The longest time in which nothing on the machine can write to the volume.</summary>
    public const int Seconds = 15;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(Seconds + 15);

    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HeldInput input = new();
    private readonly CancellationTokenSource limit = new();
    private Task<int> running = Task.FromResult(0);

    private FileSystemFreeze()
    {
    }

    /// <summary>Returns when every mounted file system of the volume is still, or when there is none.</summary>
    /// <exception cref="Fe2Exception"><c>FreezeFailed</c>, <c>ProgramMissing</c>, <c>DeviceNotFound</c>, <c>ConnectionCut</c>.</exception>
    public static async Task<FileSystemFreeze> BeginAsync(GuestDisk disk, ISshSession ssh, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var freeze = new FileSystemFreeze();
        freeze.running = ssh.StreamAsync(disk.FreezeCommand(Seconds), freeze.Add, freeze.input, freeze.limit.Token);
        try
        {
            await Task.WhenAny(freeze.begun.Task, freeze.running).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (freeze.begun.Task.IsCompleted)
                return freeze;
            int code = await freeze.running.ConfigureAwait(false);
            GuestDisk.Answer answer = new(freeze.Text(freeze.output));
            if (code != 0)
                throw disk.Failure(code, freeze.Text(freeze.output), freeze.Text(freeze.error));
            if (answer["system"] is { } point)
                report?.Report(new VerboseReport($"The machine itself lives on {point}: it was written out, not held still."));
            freeze.NothingToHold = true;
            return freeze;
        }
        catch
        {
            freeze.input.End();
            throw;
        }
    }

    /// <summary>True where nothing of the volume is mounted.</summary>
    public bool NothingToHold { get; private set; }

    /// <summary>Lets go. Never fails.</summary>
    /// <returns>Whether all was still up to now.</returns>
    public async Task<bool> EndAsync()
    {
        input.End();
        limit.CancelAfter(EndLimit);
        try
        {
            await running.ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException or IOException)
        {
            // The connection is cut; the machine has let go by itself. Whether in time nobody can tell.
            return false;
        }
        finally
        {
            limit.Dispose();
        }

        return NothingToHold || new GuestDisk.Answer(Text(output)).Has("held");
    }

    private void Add(SshOutput piece)
    {
        StringBuilder text = piece.IsError ? error : output;
        lock (text)
        {
            text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
            if (!piece.IsError && new GuestDisk.Answer(text.ToString()).Has("frozen"))
                begun.TrySetResult();
        }
    }

    private string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    /// <summary>An input without content that lasts until it is ended.</summary>
    private sealed class HeldInput : Stream
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void End() => ended.TrySetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
