using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

/// <summary>
/// A real sshd on the loopback address, run by the current user, with a home folder of its own: nothing of the user's is
/// read or written. Programs put into <see cref="Bin"/> come first in its PATH.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SshdHost : IAsyncDisposable
{
    private const string Sshd = SshdFactAttribute.Sshd;

    private readonly Process _process;

    private SshdHost(string folder, int port, Process process, SshTarget target)
    {
        Folder = folder;
        Port = port;
        _process = process;
        Target = target;
    }

    public string Folder { get; }

    public string Home => Path.Combine(Folder, "home");

    public string Bin => Path.Combine(Folder, "bin");

    public int Port { get; }

    public SshTarget Target { get; }

    public string Fingerprint => Tool("ssh-keygen", "-lf", Path.Combine(Folder, "hostkey.pub")).Split(' ')[1];

    public string HostKeyLine => File.ReadAllText(Path.Combine(Folder, "hostkey.pub"));

    public static async Task<SshdHost> StartAsync(string name = "od1", string? keyFile = null)
    {
        var folder = Directory.CreateTempSubdirectory("fe2-sshd-").FullName;
        foreach (var part in new[] { "home", "home/.ssh", "bin", "tmux" })
            Directory.CreateDirectory(Path.Combine(folder, part), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(folder, "hostkey"));
        if (keyFile is null)
        {
            keyFile = Path.Combine(folder, "login");
            Tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "login", "-f", keyFile);
        }

        File.Copy(keyFile + ".pub", Path.Combine(folder, "home/.ssh/authorized_keys"));
        var port = FreePort();
        var id = "i-" + Path.GetFileName(folder)["fe2-sshd-".Length..].ToLowerInvariant();
        var target = new SshTarget(id, name, "127.0.0.1", Environment.UserName, keyFile, null, port);
        return new SshdHost(folder, port, await ListenAsync(folder, port), target);
    }

    /// <summary>Ends every connection without a word, as a cut line does.</summary>
    public void CutConnections()
    {
        foreach (var pid in Processes().Where(p => p.Parent == _process.Id).Select(p => p.Id))
            Kill(pid);
    }

    public async ValueTask DisposeAsync()
    {
        Kill(_process.Id);
        await _process.WaitForExitAsync();
        // Whatever was started through this sshd carries its home folder in the environment.
        foreach (var pid in Processes().Select(p => p.Id).Where(IsOurs))
            Kill(pid);
        await Until.TrueAsync(
            () => !Processes().Any(p => IsOurs(p.Id)), $"processes of {Folder} end");
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Runs a local program and returns its output.</summary>
    public static string Tool(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {process.StandardError.ReadToEnd()}");
        return output;
    }

    private static async Task<Process> ListenAsync(string folder, int port)
    {
        if (Environment.UserName == "root")
            Directory.CreateDirectory("/run/sshd");
        var config = Path.Combine(folder, "sshd_config");
        await File.WriteAllTextAsync(config, $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {folder}/hostkey
            AuthorizedKeysFile {folder}/home/.ssh/authorized_keys
            PidFile none
            StrictModes no
            UsePAM no
            PermitRootLogin yes
            PasswordAuthentication no
            PrintMotd no
            PrintLastLog no
            MaxStartups 100
            SetEnv HOME={folder}/home PATH={folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TMUX_TMPDIR={folder}/tmux

            """);
        var process = Process.Start(new ProcessStartInfo(Sshd, ["-D", "-e", "-f", config]) { RedirectStandardError = true })!;
        process.BeginErrorReadLine();
        await Until.TrueAsync(
            () =>
            {
                using var client = new TcpClient();
                try
                {
                    client.Connect(IPAddress.Loopback, port);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            "sshd listens");
        return process;
    }

    private bool IsOurs(int pid)
    {
        try
        {
            // A shared connection in the background has its title where its environment was.
            return File.ReadAllText($"/proc/{pid}/environ").Contains($"HOME={Home}\0", StringComparison.Ordinal)
                || File.ReadAllText($"/proc/{pid}/cmdline").Contains(Folder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<(int Id, int Parent)> Processes()
    {
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(entry), out var id))
                continue;
            string stat;
            try
            {
                stat = File.ReadAllText($"/proc/{id}/stat");
            }
            catch (IOException)
            {
                continue;
            }

            // "pid (name) state parent": the name may hold spaces and parentheses.
            yield return (id, int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]));
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            Process.GetProcessById(pid).Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
