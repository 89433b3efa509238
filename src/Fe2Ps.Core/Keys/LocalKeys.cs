using System.Diagnostics;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Keys;

/// <summary>A private key of this computer and its public half.</summary>
/// <param name="PrivateFile">The private key's path, or null for a key that only the ssh agent holds.</param>
/// <param name="Public">The public half.</param>
public sealed record LocalKey(string? PrivateFile, PublicKey Public);

/// <summary>The ssh keys of this computer: the Fe2 folder's, <c>~/.ssh</c>, and the agent's. Private keys are never read, only pointed at.</summary>
internal sealed class LocalKeys(Fe2Session session)
{
    private static readonly string[] Preferred = ["id_ed25519", "id_rsa"];
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(20);

    private string SshFolder => Path.Combine(session.Environment.HomeFolder, ".ssh");

    /// <summary>Where the private key that belongs to a public key lies here; null where it does not.</summary>
    public async Task<LocalKey?> FindAsync(PublicKey wanted, CancellationToken cancellationToken)
    {
        foreach (LocalKey key in Files())
        {
            if (key.Public.Blob == wanted.Blob)
                return key;
        }

        foreach (PublicKey held in await AgentKeysAsync(cancellationToken).ConfigureAwait(false))
        {
            if (held.Blob == wanted.Blob)
                return new LocalKey(null, held);
        }

        return null;
    }

    /// <summary>The user's own key to import: ed25519 first, then RSA, then any other; null where there is none.</summary>
    public LocalKey? Favourite() => Files(SshFolder, Preferred).FirstOrDefault(k => k.Public.IsImportable);

    /// <summary>The pair at a path that the user named.</summary>
    /// <exception cref="Fe2Exception"><c>KeyFileNotFound</c> or <c>KeyFileUnreadable</c>.</exception>
    public async Task<LocalKey> AtAsync(string file, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(
            file == "~" || file.StartsWith("~/", StringComparison.Ordinal) ? session.Environment.HomeFolder + file[1..] : file);
        if (path.EndsWith(".pub", StringComparison.Ordinal))
            path = path[..^4];
        if (!File.Exists(path))
        {
            throw new Fe2Exception("KeyFileNotFound", Fe2ErrorKind.NotFound, $"There is no private key file '{file}'.",
                "Give the path of a private key with -KeyFile, or leave it out.", file);
        }

        if (PublicKey.TryRead(path + ".pub") is { } beside)
            return new LocalKey(path, beside);
        // ssh-keygen asks for a passphrase when there is one; nobody answers here, so it fails at once.
        ToolResult answer = await RunAsync("ssh-keygen", ["-y", "-P", "", "-f", path], cancellationToken).ConfigureAwait(false);
        return PublicKey.TryParse(answer.Output) is { } made
            ? new LocalKey(path, made)
            : throw new Fe2Exception("KeyFileUnreadable", Fe2ErrorKind.InvalidArgument,
                $"The public half of '{path}' cannot be found: there is no {Path.GetFileName(path)}.pub, and ssh-keygen says: {answer.Error.Trim()}",
                $"Make it with: ssh-keygen -y -f '{path}' > '{path}.pub'", path);
    }

    /// <summary>Makes a new ed25519 pair in the Fe2 folder, mode 0600, and returns it; an existing one of that name is returned as it is.</summary>
    /// <exception cref="Fe2Exception"><c>SshKeygenFailed</c>.</exception>
    public async Task<LocalKey> CreateAsync(string name, CancellationToken cancellationToken)
    {
        string folder = session.Folder.Ensure("keys");
        string file = Path.Combine(folder, FileNameOf(name));
        if (PublicKey.TryRead(file + ".pub") is { } there && File.Exists(file))
            return new LocalKey(file, there);
        string fresh = Path.Combine(folder, $".{Guid.NewGuid():N}");
        ToolResult answer = await RunAsync(
            "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", $"fe2ps {name}", "-f", fresh], cancellationToken).ConfigureAwait(false);
        if (PublicKey.TryRead(fresh + ".pub") is not { } made)
        {
            throw new Fe2Exception("SshKeygenFailed", Fe2ErrorKind.OperationFailed,
                $"ssh-keygen could not make a key in {folder}: {answer.Error.Trim()}",
                "Check the folder, or make a key yourself with 'ssh-keygen -t ed25519'.", folder);
        }

        // The public half comes last: whoever finds it finds the private key too.
        try
        {
            File.Move(fresh, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another launch was first, or one was cut between the two moves. Its private key decides, and gives its public half.
            File.Delete(fresh);
            File.Delete(fresh + ".pub");
            LocalKey other = await AtAsync(file, cancellationToken).ConfigureAwait(false);
            if (!File.Exists(file + ".pub")) await File.WriteAllTextAsync(fresh + ".pub", other.Public + "\n", cancellationToken).ConfigureAwait(false);
            if (File.Exists(fresh + ".pub")) File.Move(fresh + ".pub", file + ".pub", overwrite: true);
            return other;
        }

        File.Move(fresh + ".pub", file + ".pub", overwrite: true);
        return new LocalKey(file, made);
    }

    private static string FileNameOf(string name) =>
        string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '@' ? c : '_')).TrimStart('.') is { Length: > 0 } safe
            ? safe : "key";

    private IEnumerable<LocalKey> Files() =>
        Files(session.Folder.PathOf("keys"), []).Concat(Files(SshFolder, Preferred));

    private static IEnumerable<LocalKey> Files(string folder, string[] first)
    {
        if (!Directory.Exists(folder))
            yield break;
        IEnumerable<string> names = first.Concat(
            Directory.EnumerateFiles(folder, "*.pub").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!).Distinct()!;
        foreach (string name in names)
        {
            string file = Path.Combine(folder, name);
            if (File.Exists(file) && PublicKey.TryRead(file + ".pub") is { } key)
                yield return new LocalKey(file, key);
        }
    }

    private async Task<IReadOnlyList<PublicKey>> AgentKeysAsync(CancellationToken cancellationToken)
    {
        if (session.Environment.Get("SSH_AUTH_SOCK") is null && !OperatingSystem.IsWindows())
            return [];
        ToolResult answer;
        try
        {
            answer = await RunAsync("ssh-add", ["-L"], cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception)
        {
            return [];
        }

        return [.. answer.Output.Split('\n').Select(PublicKey.TryParse).OfType<PublicKey>()];
    }

    private sealed record ToolResult(string Output, string Error);

    private async Task<ToolResult> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                CreateNoWindow = true,
            },
        };
        process.StartInfo.Environment["SSH_ASKPASS_REQUIRE"] = "never";
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new Fe2Exception("OpenSshMissing", Fe2ErrorKind.NotInstalled, $"The program {program} was not found.",
                "Install OpenSSH's client (Debian, Ubuntu: apt install openssh-client).", program, e);
        }

        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ToolTimeout);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return new ToolResult(await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return new ToolResult("", $"{program} did not end within {ToolTimeout.TotalSeconds:0} s");
        }
    }
}
