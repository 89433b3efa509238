using System.Diagnostics;
using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Runs external programs: arguments as a list, standard input as text, an error that carries what the program said.</summary>
internal static class Commands
{
    /// <summary>Runs a program to its end and returns its standard output.</summary>
    /// <exception cref="CommandFailedException">It could not be started, or ended with another code than 0.</exception>
    public static async Task<string> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken,
        string? input = null)
    {
        var (code, output, error) = await TryAsync(program, arguments, cancellationToken, input).ConfigureAwait(false);
        return code == 0 ? output : throw new CommandFailedException(program, arguments, code, error.Length > 0 ? error : output);
    }

    /// <summary>As <see cref="RunAsync"/>, for callers that expect it to fail at times.</summary>
    public static async Task<(int Code, string Output, string Error)> TryAsync(
        string program,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken,
        string? input = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // The programs' words are read here, so they must not depend on the caller's language.
        start.Environment["LC_ALL"] = "C.UTF-8";

        using var process = Start(start, arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            try
            {
                if (input is not null)
                    await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading all of it; its exit code says why.
            }

            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return (process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Where a program is, by PATH and the administrator's folders, or null.</summary>
    public static string? Find(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders
            .Concat(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
    }

    private static Process Start(ProcessStartInfo start, IReadOnlyList<string> arguments)
    {
        start.FileName = Find(start.FileName) ?? start.FileName;
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new CommandFailedException(start.FileName, arguments, -1, error.Message);
        }
    }
}

/// <summary>An external program that the hosts need did not do its work.</summary>
internal sealed class CommandFailedException(string program, IReadOnlyList<string> arguments, int exitCode, string said)
    : IOException($"{Path.GetFileName(program)} {string.Join(' ', arguments)}: exit code {exitCode}: {said.Trim()}")
{
    public int ExitCode { get; } = exitCode;
}
