using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Speaks sftp, version 3, over the streams of <c>ssh -s</c>: what a file's resumed way needs, and no more. Requests are written
/// by one caller at a time; their answers are awaited in any order.
/// </summary>
internal sealed class SftpClient
{
    /// <summary>What every server takes in one piece (OpenSSH's own client asks for as much).</summary>
    public const int Piece = 32 * 1024;

    /// <summary>How many pieces are on their way at once: 2 MB, which fills a long line.</summary>
    private const int AtOnce = 64;

    /// <summary>OpenSSH's own limit of a message. A machine must not choose how much memory is taken here.</summary>
    private const int LongestAnswer = 256 * 1024;

    private const uint OpenRead = 1, OpenWriteCreate = 2 | 8, AttributeSize = 1, EndOfFile = 1;

    private readonly ConcurrentDictionary<uint, TaskCompletionSource<SftpAnswer>> _waiting = new();
    private readonly TaskCompletionSource<SftpAnswer> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _requests;
    private uint _last;
    private volatile bool _isOver;

    private SftpClient(Stream requests) => _requests = requests;

    /// <summary>Runs work over the streams of a server.</summary>
    /// <param name="session">The machine.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False where the machine offers no sftp.</returns>
    /// <exception cref="IOException">A file of this computer refuses. A server that is gone is ssh's to explain.</exception>
    public static async Task<bool> RunAsync(SshSession session, Func<SftpClient, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var made = new TaskCompletionSource<SftpClient>(TaskCreationOptions.RunContinuationsAsynchronously);
        IOException? cause = null;
        var isThere = await session.SubsystemAsync(
            "sftp",
            async (requests, token) =>
            {
                var client = new SftpClient(requests);
                made.SetResult(client);
                await client.GreetAsync(token).ConfigureAwait(false);
                try
                {
                    await work(client, token).ConfigureAwait(false);
                }
                catch (IOException refused)
                {
                    cause = refused;
                    throw;
                }
            },
            async (answers, token) => await (await made.Task.ConfigureAwait(false)).ReadAnswersAsync(answers, token).ConfigureAwait(false),
            () => made.Task is { IsCompletedSuccessfully: true, Result._hello.Task.IsCompletedSuccessfully: true }, cancellationToken).ConfigureAwait(false);
        return cause is null ? isThere : throw cause;
    }

    /// <summary>Writes what a file of the machine lacks; it is made where it is missing.</summary>
    /// <param name="path">The path there; a relative one starts at the home folder.</param>
    /// <param name="content">The whole content here.</param>
    /// <param name="moved">Told of bytes that have arrived.</param>
    /// <param name="cancellationToken">Ends it; what has arrived stays.</param>
    /// <returns>Where it went on: 0 for a fresh file.</returns>
    /// <exception cref="SftpException">The server refuses.</exception>
    public async Task<long> PutAsync(string path, FileStream content, Action<long> moved, CancellationToken cancellationToken)
    {
        var handle = await OpenAsync(path, OpenWriteCreate, cancellationToken).ConfigureAwait(false);
        var start = await SizeAsync(handle, cancellationToken).ConfigureAwait(false);
        if (start > content.Length)
        {
            await DoneAsync(await AskAsync(id => new SftpPacket(SftpType.FSetStat, id).Bytes(handle).UInt32(AttributeSize).UInt64(0), cancellationToken)
                .ConfigureAwait(false)).ConfigureAwait(false);
            start = 0;
        }

        content.Position = start;
        var sent = new Queue<(Task<SftpAnswer> Answer, int Count)>();
        var piece = new byte[Piece];
        for (long at = start; ;)
        {
            var count = await content.ReadAtLeastAsync(piece, Piece, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                var here = at;
                sent.Enqueue((await AskAsync(
                    id => new SftpPacket(SftpType.Write, id).Bytes(handle).UInt64(here).Bytes(piece.AsSpan(0, count)), cancellationToken).ConfigureAwait(false), count));
                at += count;
            }

            while (sent.Count > (count > 0 ? AtOnce : 0))
            {
                var (answer, arrived) = sent.Dequeue();
                await DoneAsync(answer).ConfigureAwait(false);
                moved(arrived);
            }

            if (count == 0)
                break;
        }

        await CloseAsync(handle, cancellationToken).ConfigureAwait(false);
        return start;
    }

    /// <summary>Reads a file of the machine from where the one here ends.</summary>
    /// <param name="path">The path there.</param>
    /// <param name="content">The file here; it grows from its beginning to its end, without holes.</param>
    /// <param name="length">How long the file is to become.</param>
    /// <param name="moved">Told of bytes that have arrived.</param>
    /// <param name="cancellationToken">Ends it; what has arrived stays.</param>
    /// <exception cref="SftpException">The server refuses.</exception>
    public async Task GetAsync(string path, FileStream content, long length, Action<long> moved, CancellationToken cancellationToken)
    {
        var handle = await OpenAsync(path, OpenRead, cancellationToken).ConfigureAwait(false);
        var asked = new Queue<(Task<SftpAnswer> Answer, long At, int Count)>();
        for (var next = content.Length; next < length || asked.Count > 0;)
        {
            while (next < length && asked.Count < AtOnce)
            {
                var count = (int)Math.Min(Piece, length - next);
                asked.Enqueue((await ReadAsync(next, count).ConfigureAwait(false), next, count));
                next += count;
            }

            var (answer, at, wanted) = asked.Dequeue();
            while (wanted > 0)
            {
                var data = await answer.ConfigureAwait(false);
                if (data.Status == EndOfFile)
                    throw new SftpException($"'{path}' is shorter than it was; it may have been written to meanwhile.");
                var bytes = data.Type == SftpType.Data ? data.Value : throw new SftpException(data.Words);
                if (bytes.Length == 0 || bytes.Length > wanted)
                    throw new SftpException("an answer of another length than was asked for");
                await RandomAccess.WriteAsync(content.SafeFileHandle, bytes, at, cancellationToken).ConfigureAwait(false);
                moved(bytes.Length);
                (at, wanted) = (at + bytes.Length, wanted - bytes.Length);
                // A server may give less than was asked for.
                if (wanted > 0)
                    answer = await ReadAsync(at, wanted).ConfigureAwait(false);
            }
        }

        await CloseAsync(handle, cancellationToken).ConfigureAwait(false);

        Task<Task<SftpAnswer>> ReadAsync(long at, int count) =>
            AskAsync(id => new SftpPacket(SftpType.Read, id).Bytes(handle).UInt64(at).UInt32((uint)count), cancellationToken);
    }

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        // The version stands where other requests have their number.
        await _requests.WriteAsync(new SftpPacket(SftpType.Init, 3).Finish(), cancellationToken).ConfigureAwait(false);
        await _hello.Task.ConfigureAwait(false);
    }

    private async Task<byte[]> OpenAsync(string path, uint how, CancellationToken cancellationToken)
    {
        var answer = await (await AskAsync(id => new SftpPacket(SftpType.Open, id).Text(path).UInt32(how).UInt32(0), cancellationToken)
            .ConfigureAwait(false)).ConfigureAwait(false);
        return answer.Type == SftpType.Handle ? answer.Value.ToArray() : throw new SftpException($"'{path}': {answer.Words}");
    }

    private async Task<long> SizeAsync(byte[] handle, CancellationToken cancellationToken)
    {
        var answer = await (await AskAsync(id => new SftpPacket(SftpType.FStat, id).Bytes(handle), cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        return answer.Type == SftpType.Attributes ? answer.Size : throw new SftpException(answer.Words);
    }

    private async Task CloseAsync(byte[] handle, CancellationToken cancellationToken) =>
        await DoneAsync(await AskAsync(id => new SftpPacket(SftpType.Close, id).Bytes(handle), cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);

    private static async Task DoneAsync(Task<SftpAnswer> pending)
    {
        var answer = await pending.ConfigureAwait(false);
        if (answer.Status != 0)
            throw new SftpException(answer.Words);
    }

    /// <summary>Sends a request; the inner task is its answer.</summary>
    private async Task<Task<SftpAnswer>> AskAsync(Func<uint, SftpPacket> make, CancellationToken cancellationToken)
    {
        var id = ++_last;
        var answer = new TaskCompletionSource<SftpAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        if (_isOver)
            throw new IOException("The sftp server is gone.");
        await _requests.WriteAsync(make(id).Finish(), cancellationToken).ConfigureAwait(false);
        return answer.Task;
    }

    private async Task ReadAnswersAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new byte[9];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(head, cancellationToken).ConfigureAwait(false);
                var length = BinaryPrimitives.ReadUInt32BigEndian(head);
                if (length is < 5 or > LongestAnswer)
                    break;
                var body = new byte[length - 5];
                await stream.ReadExactlyAsync(body, cancellationToken).ConfigureAwait(false);
                var answer = new SftpAnswer((SftpType)head[4], body);
                if (answer.Type == SftpType.Version)
                    _hello.TrySetResult(answer);
                else if (_waiting.TryRemove(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(5)), out var asked))
                    asked.TrySetResult(answer);
            }
        }
        catch (EndOfStreamException)
        {
            // The server is gone; ssh's exit code tells why.
        }
        finally
        {
            _isOver = true;
            var gone = new IOException("The sftp server is gone.");
            _hello.TrySetException(gone);
            foreach (var one in _waiting.Values)
                one.TrySetException(gone);
        }
    }
}

/// <summary>An sftp server refuses something; in its words.</summary>
internal sealed class SftpException(string message) : Exception(message);
