using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Tests.Vm;

/// <summary>
/// A virtual machine that has Debian's own kernel, for what this machine's kernel may not know (CRIU's demands, NFS), and one script to run.
/// What it boots from is made once and kept beside the base root of the sandbox's hosts; it starts in some seconds.
/// </summary>
internal sealed class SmallVm : IDisposable
{
    // Without /dev/kvm, on two cores that have a whole test run to do, one second of an idle machine can be ten.
    private static readonly TimeSpan s_making = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_running = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-vm-");
    private readonly string _made;
    private int _boots;

    private SmallVm(string made)
    {
        _made = made;
        using FileStream disk = File.Create(Disk);
        disk.SetLength(200 << 20);
    }

    /// <summary>Where what it boots from is kept: $FE2_CACHE, else /var/cache/fe2ps; the user's own cache where that is not root.</summary>
    public static string Cache { get; } =
        Environment.GetEnvironmentVariable("FE2_CACHE") is { Length: > 0 } named ? named
        : Environment.IsPrivilegedProcess ? "/var/cache/fe2ps"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "fe2ps");

    private static string Parts { get; } = Path.Combine(AppContext.BaseDirectory, "Vm");

    private string Disk => Path.Combine(_folder.FullName, "disk");

    /// <summary>A machine with an empty disk of 200 MiB, /dev/vda, that stays from one boot to the next.</summary>
    public static async Task<SmallVm> MakeAsync() => new((await RunAsync(s_making, "sh", Path.Combine(Parts, "make-vm.sh"), Cache)).Trim());

    /// <summary>Boots it, runs a script and waits until the machine is off.</summary>
    /// <param name="main">The script, as a path beside the tests; it is root in /root, and finds the number of the boot in /part/here.</param>
    /// <param name="remote">The scripts that the product sends to machines, as a folder beside these: they come as /part/remote.</param>
    /// <returns>All that the machine said, its kernel's messages too.</returns>
    public async Task<string> BootAsync(string main, string remote)
    {
        string number = (++_boots).ToString(CultureInfo.InvariantCulture);
        DirectoryInfo part = Directory.CreateDirectory(Path.Combine(_folder.FullName, "part" + number));
        File.Copy(Path.Combine(AppContext.BaseDirectory, main), Path.Combine(part.FullName, "main"));
        await File.WriteAllTextAsync(Path.Combine(part.FullName, "here"), number + "\n");
        DirectoryInfo scripts = Directory.CreateDirectory(Path.Combine(part.FullName, "remote"));
        foreach (string script in Directory.GetFiles(Path.Combine(Parts, remote)))
            File.Copy(script, Path.Combine(scripts.FullName, Path.GetFileName(script)));
        string seconds = s_running.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return await RunAsync(s_running + TimeSpan.FromMinutes(1), "sh", Path.Combine(Parts, "run-vm.sh"), _made, part.FullName, Disk, seconds);
    }

    /// <summary>Fails, with all that a machine said, where it did not say something.</summary>
    public static void Said(string pattern, string log) => Assert.True(Regex.IsMatch(log, pattern), $"not said: {pattern}\n{log}");

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<string> RunAsync(TimeSpan deadline, string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(deadline);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        string said = await output;
        Assert.True(process.WaitForExit(deadline) && process.ExitCode == 0, $"{string.Join(' ', arguments)}: {process.ExitCode}\n{said}\n{await error}");
        return said;
    }
}
