using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Commands;

/// <summary>What is to run on machines: text for the login shell there, and what the command reads.</summary>
public sealed class RemoteCommand
{
    /// <summary>
    /// The script that runs a script: takes it from standard input into a folder of its own, which is gone when the script has
    /// ended, however it did. Where files below the first folder may not be executed (noexec), it goes below the home folder.
    /// </summary>
    private const string FileRunner = """
        size=$1 name=$2 merge=$3
        shift 3
        umask 077
        folder=
        trap 'rm -rf "$folder"' EXIT
        trap 'exit 129' HUP
        trap 'exit 130' INT
        trap 'exit 141' PIPE
        trap 'exit 143' TERM
        for above in "${TMPDIR:-/tmp}" "$HOME"; do
            folder=$(mktemp -d "$above/.fe2-XXXXXXXXXX") || continue
            printf '#!/bin/sh\n' > "$folder/probe" && chmod 700 "$folder/probe" && "$folder/probe" 2>/dev/null && break
            rm -rf "$folder"
            folder=
        done
        [ -n "$folder" ] || { echo 'fe2: no folder here takes a script' >&2; exit 73; }
        rm -f "$folder/probe"
        head -c "$size" > "$folder/$name" || exit 74
        [ "$(wc -c < "$folder/$name")" -eq "$size" ] || { echo 'fe2: the script did not arrive whole' >&2; exit 74; }
        chmod 700 "$folder/$name"
        [ "$merge" = 0 ] || exec 2>&1
        "$folder/$name" "$@"
        exit $?
        """;

    /// <summary>What a machine without pwsh writes to standard error in place of running a PowerShell program.</summary>
    public const string NoPowerShell = "fe2-no-pwsh";

    private const string Merged = "exec 2>&1; exec \"${SHELL:-sh}\" -c \"$1\"";

    private readonly byte[]? _input;

    /// <summary>A command as it is sent.</summary>
    /// <param name="text">Text for the login shell there; values in it went through <see cref="ShellQuote"/>.</param>
    /// <param name="input">What the command reads, or null for nothing.</param>
    public RemoteCommand(string text, byte[]? input = null)
    {
        Text = text;
        _input = input;
    }

    /// <summary>The text for the login shell there.</summary>
    public string Text { get; }

    /// <summary>A fresh stream over what the command reads, or null.</summary>
    public Stream? OpenInput() => _input is null ? null : new MemoryStream(_input, writable: false);

    /// <summary>A line for the login shell there.</summary>
    /// <param name="command">The line as a user writes it.</param>
    /// <param name="arguments">Added to it, each quoted.</param>
    /// <param name="mergeError">Whether what it writes to standard error joins standard output, in the order in which it was written.</param>
    public static RemoteCommand FromText(string command, IReadOnlyList<string> arguments, bool mergeError = false)
    {
        string line = arguments.Count == 0 ? command : $"{command} {ShellQuote.Join(arguments)}";
        return new RemoteCommand(mergeError ? "exec sh -c " + ShellQuote.Join(Merged, "fe2", line) : line);
    }

    /// <summary>
    /// A script of this computer. It runs there from a file of its own under its own name, by its shebang (without one, by sh),
    /// with nothing on its standard input.
    /// </summary>
    /// <exception cref="Fe2Exception"><c>FileNotFound</c>, or <c>ScriptInvalid</c>: the first line ends as on Windows, which no Linux can start.</exception>
    public static RemoteCommand FromFile(string path, IReadOnlyList<string> arguments, bool mergeError = false)
    {
        if (!File.Exists(path))
            throw new Fe2Exception("FileNotFound", Fe2ErrorKind.NotFound, $"There is no file '{path}' on this computer.", "Check -FilePath.", path);
        byte[] script = File.ReadAllBytes(path);
        int end = Array.IndexOf(script, (byte)'\n');
        if (end > 0 && script[end - 1] == '\r' && script.AsSpan().StartsWith("#!"u8))
        {
            throw new Fe2Exception(
                "ScriptInvalid", Fe2ErrorKind.InvalidArgument,
                $"The first line of '{path}' ends with a carriage return, as on Windows; Linux would look for a program of that name.",
                "Save the script with LF line ends.", path);
        }

        return new RemoteCommand(
            "exec sh -c " + ShellQuote.Join([FileRunner, "fe2", $"{script.Length}", Path.GetFileName(path), mergeError ? "1" : "0", .. arguments]), script);
    }

    /// <summary>
    /// A PowerShell program, run by the pwsh of the machine. A machine without pwsh writes
    /// <see cref="NoPowerShell"/> as its only line to standard error, and the exit code is 127.
    /// </summary>
    /// <param name="program">What pwsh runs; it may read <paramref name="input"/> from its console.</param>
    /// <param name="input">What it reads; not limited as a command line is.</param>
    public static RemoteCommand FromPowerShell(string program, byte[] input)
    {
        const string runner = $$"""
            PATH=$PATH:/usr/local/bin:/snap/bin:/opt/microsoft/powershell/7:$HOME/.dotnet/tools
            command -v pwsh >/dev/null || { echo {{NoPowerShell}} >&2; exit 127; }
            export PATH POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
            exec pwsh -NoLogo -NoProfile -NonInteractive -EncodedCommand "$1"
            """;
        string encoded = Convert.ToBase64String(Encoding.Unicode.GetBytes(program));
        return new RemoteCommand("exec sh -c " + ShellQuote.Join(runner, "fe2", encoded), input);
    }
}
