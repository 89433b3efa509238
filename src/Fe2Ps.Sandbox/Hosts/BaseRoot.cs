using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// The root that all hosts share: this machine's own release of Debian or Ubuntu, made once by mmdebstrap from this machine's own
/// package sources and kept in a cache.
/// </summary>
internal static class BaseRoot
{
    private const string CacheVariable = "FE2_CACHE";

    private static readonly string[] Packages =
    [
        "openssh-server", "openssh-client", "tmux", "lsyncd", "rsync", "sudo", "iproute2", "iputils-ping", "e2fsprogs", "xfsprogs",
        "procps", "python3-minimal", "curl", "util-linux", "mount", "fdisk", "cloud-guest-utils", "less", "passwd", "kmod",
    ];

    private static readonly string[] SystemdPackages = [.. Packages, "systemd-sysv", "libpam-systemd", "dbus", "cron"];

    // Languages and manuals nobody reads here: half of the unpacking.
    private static readonly string[] Excluded =
        ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*", "/usr/lib/udev/hwdb.d/*"];

    /// <summary>Where bases are kept: $FE2_CACHE, else /var/cache/fe2ps.</summary>
    public static string CacheFolder => Environment.GetEnvironmentVariable(CacheVariable) is { Length: > 0 } folder ? folder : "/var/cache/fe2ps";

    /// <summary>The folder of the base; made first if this machine has none of this recipe.</summary>
    /// <exception cref="CommandFailedException">mmdebstrap failed; the message ends with what it said.</exception>
    /// <param name="systemd">With systemd, as real images have it, which takes a root of its own.</param>
    public static async Task<string> EnsureAsync(bool systemd, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var suite = ReadSuite();
        var sources = FindSources(suite);
        var packages = systemd ? SystemdPackages : Packages;
        List<string> setup = [.. (systemd ? new[] { "systemd-before", "base-setup", "systemd-setup" } : ["base-setup"]).Select(GuestFile.Read)];
        var recipe = string.Join('\n', [suite, .. sources.Select(File.ReadAllText), .. packages, .. Excluded, .. setup]);
        var name = (systemd ? "systemd-" : "base-") + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(recipe)))[..16];
        var folder = Path.Combine(CacheFolder, name);
        if (Directory.Exists(folder))
            return folder;

        Directory.CreateDirectory(CacheFolder);
        using var held = Kernel.OpenLock(folder + ".lock");
        if (!Kernel.Lock(held, wait: false))
        {
            progress?.Report("Another sandbox is making the base root; waiting for it.");
            await Task.Factory.StartNew(() => Kernel.Lock(held, wait: true), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (Directory.Exists(folder))
            return folder;
        foreach (var unfinished in Directory.GetDirectories(CacheFolder, name + ".new-*"))
            await Commands.TryAsync("rm", ["-rf", "--one-file-system", unfinished], cancellationToken).ConfigureAwait(false);
        await MakeAsync(folder, suite, sources, packages, setup, progress, cancellationToken).ConfigureAwait(false);
        return folder;
    }

    private static async Task MakeAsync(
        string folder,
        string suite,
        IReadOnlyList<string> sources,
        IReadOnlyList<string> packages,
        IReadOnlyList<string> setup,
        IProgress<string>? progress,
        CancellationToken cancellationToken)
    {
        progress?.Report($"Making the base root of the hosts from {suite} (once on this machine, about 20 s) ...");
        var clock = Stopwatch.StartNew();
        var unfinished = $"{folder}.new-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var scripts = setup.Select((_, number) => $"{unfinished}.setup{number}").ToList();
        foreach (var (script, text) in scripts.Zip(setup))
            UnixFiles.Write(script, text, UnixFiles.Program);
        try
        {
            List<string> arguments = ["--quiet", "--mode=root", "--variant=minbase", "--format=directory", $"--include={string.Join(',', packages)}"];
            arguments.AddRange(Excluded.Select(path => $"--dpkgopt=path-exclude={path}"));
            arguments.AddRange((await ReadAptOptionsAsync(cancellationToken).ConfigureAwait(false)).Select(option => "--aptopt=" + option));
            arguments.AddRange(scripts.Select(script => $"--customize-hook={script} \"$1\""));
            arguments.AddRange([suite, unfinished, .. sources]);
            await Commands.RunAsync("mmdebstrap", arguments, cancellationToken).ConfigureAwait(false);
            Directory.Move(unfinished, folder);
            progress?.Report($"The base root is made ({clock.Elapsed.TotalSeconds:0} s), {folder}.");
        }
        finally
        {
            scripts.ForEach(File.Delete);
            if (Directory.Exists(unfinished))
                await Commands.TryAsync("rm", ["-rf", "--one-file-system", unfinished], CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The code name of this machine's release, for instance bookworm or noble.</summary>
    private static string ReadSuite() =>
        File.ReadLines("/etc/os-release")
            .Where(line => line.StartsWith("VERSION_CODENAME=", StringComparison.Ordinal))
            .Select(line => line["VERSION_CODENAME=".Length..].Trim('"'))
            .FirstOrDefault()
        ?? throw new PlatformNotSupportedException("/etc/os-release names no release (VERSION_CODENAME): hosts need Debian or Ubuntu.");

    /// <summary>The machine's source lists that offer this release's main section; others (vendors' own) are of no use to a base.</summary>
    private static List<string> FindSources(string suite)
    {
        const string folder = "/etc/apt/sources.list.d";
        var found = new[] { "/etc/apt/sources.list" }
            .Concat(Directory.Exists(folder) ? Directory.GetFiles(folder, "*.list").Concat(Directory.GetFiles(folder, "*.sources")).Order(StringComparer.Ordinal) : [])
            .Where(File.Exists)
            .Where(path => File.ReadLines(path)
                .Where(line => !line.TrimStart().StartsWith('#'))
                .SelectMany(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                .ToHashSet() is var words && words.Contains(suite) && words.Contains("main"))
            .ToList();
        return found.Count > 0 ? found : throw new PlatformNotSupportedException($"No package source in /etc/apt offers {suite} main.");
    }

    /// <summary>How this machine reaches its sources: proxies and the like, which apt keeps apart from the lists.</summary>
    private static async Task<IEnumerable<string>> ReadAptOptionsAsync(CancellationToken cancellationToken)
    {
        var (_, output, _) = await Commands.TryAsync("apt-config", ["dump"], cancellationToken).ConfigureAwait(false);
        string[] wanted = ["Acquire::http::", "Acquire::https::", "Acquire::Retries", "Acquire::Check-", "Acquire::ForceIP"];
        return output.Split('\n')
            .Where(line => wanted.Any(prefix => line.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            .Where(line => !line.EndsWith(" \"\";", StringComparison.Ordinal))
            .Append("Acquire::Languages \"none\";");
    }
}
