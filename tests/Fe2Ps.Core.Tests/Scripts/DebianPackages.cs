using System.Diagnostics;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>
/// Real packages of this machine's own release, with what they need beyond the base root of the sandbox's hosts: the hosts have no
/// internet, so they are fetched here, once, and kept beside the base root.
/// </summary>
internal static class DebianPackages
{
    public const string ForRpm = "rpm";
    public const string ForBuild = "build";

    private static readonly string s_cache =
        Environment.GetEnvironmentVariable("FE2_CACHE") is { Length: > 0 } named ? named : "/var/cache/fe2ps";

    /// <summary>What a job needs on its machines, and what comes and goes with it.</summary>
    public static Set OfJobs { get; } = new("jobs", """
        gone=$(apt-get -s $state -o Dir::State::extended_states="$base/var/lib/apt/extended_states" purge --autoremove tmux lsyncd rsync |
            sed -n 's/^Purg \([^ ]*\).*/\1/p')
        [ -n "$gone" ] && apt-get $state -qq -y --no-install-recommends --reinstall --download-only install $gone
        """);

    /// <summary>The package managers of Red Hat's family, and what makes packages for them.</summary>
    public static Set OfRpm { get; } = new(ForRpm, """
        apt-get $state -qq -y --no-install-recommends --download-only install dnf createrepo-c rpm
        """);

    /// <summary>What build.sh installs for the sandbox's hosts (tools/Fe2Ps.Build, SystemPackages).</summary>
    public static Set OfBuild { get; } = new(ForBuild, """
        apt-get $state -qq -y --no-install-recommends --download-only install runc mmdebstrap nftables
        """);

    /// <summary>A folder of packages, fetched when it is first asked for.</summary>
    internal sealed class Set(string name, string fetch)
    {
        private readonly object _turn = new();
        private bool _asked;
        private string? _missing;

        /// <summary>Where the packages are.</summary>
        public string Folder { get; private set; } = "";

        /// <summary>Why they are not to be had, or null. A machine without a base root needs the same archive for that first.</summary>
        public string? Missing
        {
            get
            {
                lock (_turn)
                {
                    if (!_asked)
                        _missing = Fetch();
                    return _missing;
                }
            }
        }

        private string? Fetch()
        {
            if (Directory.Exists(s_cache) && Directory.GetDirectories(s_cache, "base-*").Where(d => !d.Contains(".new-", StringComparison.Ordinal))
                .MaxBy(Directory.GetCreationTimeUtc) is { } root)
            {
                _asked = true;
                Folder = Path.Combine(s_cache, $"packages-{name}-{Path.GetFileName(root)}");
                if (Directory.Exists(Folder))
                    return null;
                var making = Directory.CreateDirectory(Folder + "." + Path.GetRandomFileName()).FullName;
                try
                {
                    Directory.CreateDirectory(Path.Combine(making, "partial"));
                    var (code, said) = Shell($"""
                        base='{root}'
                        state="-o Dir::State::status=$base/var/lib/dpkg/status -o Dir::Cache::archives={making} -o Debug::NoLocking=1"
                        {fetch}
                        """);
                    if (code != 0 || Directory.GetFiles(making, "*.deb").Length == 0)
                        return $"apt-get cannot fetch the packages: {said.Trim().Split('\n')[^1]}";
                    // Another run may have been first.
                    if (!Directory.Exists(Folder))
                        Directory.Move(making, Folder);
                }
                finally
                {
                    if (Directory.Exists(making))
                        Directory.Delete(making, recursive: true);
                }
            }

            return null;
        }
    }

    private static (int Code, string Said) Shell(string text)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", text + "\n"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}

/// <summary>A test on container hosts with packages of this machine's release; skipped by name where either cannot be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PackagedFactAttribute : FactAttribute
{
    /// <param name="more">What is needed beside the packages of jobs.</param>
    public PackagedFactAttribute(string? more = null)
    {
        Skip = new HostedFactAttribute().Skip;
        if (HostedFactAttribute.IsHere)
            Skip = DebianPackages.OfJobs.Missing ?? more switch
            {
                DebianPackages.ForRpm => DebianPackages.OfRpm.Missing,
                DebianPackages.ForBuild => DebianPackages.OfBuild.Missing,
                _ => null,
            };
    }
}
