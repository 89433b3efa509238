using System.ComponentModel;
using System.Diagnostics;

namespace Fe2Ps.Core.Ssh;

/// <summary>One run of ssh or rsync as a child process, with its streams.</summary>
internal static class SshProcess
{
    private static readonly TimeSpan ErrorDrain = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">The program, found through PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="writeInput">Writes the program's input, or null for none. The stream is closed afterwards.</param>
    /// <param name="readOutput">Reads the program's output to its end.</param>
    /// <param name="onError">Gets standard error as it comes.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public static async Task<int> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        Func<Stream, CancellationToken, Task>? writeInput,
        Func<Stream, CancellationToken, Task> readOutput,
        Action<ReadOnlyMemory<byte>> onError,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Start(program, arguments);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var kill = cancellationToken.Register(() => Kill(process));
        var input = WriteAsync(process, writeInput, ended.Token);
        var error = PumpAsync(process.StandardError.BaseStream, onError, ended.Token);
        try
        {
            await readOutput(process.StandardOutput.BaseStream, cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            // A connection that goes on in the background may hold standard error open: what has come by now is all of ours.
            await Task.WhenAny(error, Task.Delay(ErrorDrain, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return process.ExitCode;
        }
        catch
        {
            Kill(process);
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await IgnoreAsync(input).ConfigureAwait(false);
            await IgnoreAsync(error).ConfigureAwait(false);
        }
    }

    /// <summary>Starts a program with all its streams redirected.</summary>
    public static Process Start(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // The messages of ssh and rsync are compared with known ones.
        start.Environment["LC_MESSAGES"] = "C";
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw SshErrors.SshMissing(program, missing);
        }
    }

    /// <summary>Reads a stream to its end, piece by piece.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="onBytes">Gets the pieces.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="pace">How long small pieces may gather before they are read, or none.</param>
    public static async Task PumpAsync(
        Stream stream, Action<ReadOnlyMemory<byte>> onBytes, CancellationToken cancellationToken, TimeSpan pace = default)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            onBytes(buffer.AsMemory(0, count));
            if (pace > TimeSpan.Zero && count < buffer.Length)
                await Task.Delay(pace, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(Process process, Func<Stream, CancellationToken, Task>? writeInput, CancellationToken cancellationToken)
    {
        try
        {
            if (writeInput is not null)
                await writeInput(process.StandardInput.BaseStream, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The program ended before it read everything; its exit code tells why.
        }
        finally
        {
            await IgnoreAsync(Task.Run(process.StandardInput.Close, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    private static async Task IgnoreAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
        }
    }

    public static void Kill(Process process)
    {
        try
        {
            // The process alone: its child may be the shared connection that other commands use.
            process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // Ended already.
        }
    }
}
