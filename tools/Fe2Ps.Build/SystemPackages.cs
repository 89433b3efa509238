namespace Fe2Ps.Build;

/// <summary>What the machine itself must have, and how it gets there on Debian and Ubuntu.</summary>
internal static class SystemPackages
{
    /// <summary>The sandbox's hosts: a root made once, containers on it, their network and disks; ssh and rsync to reach them.</summary>
    private static readonly string[] ForHosts =
        ["runc", "mmdebstrap", "iproute2", "nftables", "procps", "e2fsprogs", "xfsprogs", "mount", "util-linux", "openssh-client", "rsync"];

    /// <summary>What the tests drive the project with: a real sshd, and the machine side of the jobs.</summary>
    private static readonly string[] ForTests = [.. ForHosts, "openssh-server", "openssl", "tmux", "sudo", "lsyncd"];

    /// <summary>Peers and checkers. Not every release has all of them (Ubuntu 24.04 has no awscli); what needs one is then skipped by name.</summary>
    private static readonly string[] Peers = ["shellcheck", "awscli", "python3-boto3", "python3-botocore", "time", "jupyter-notebook", "chromium", "fonts-dejavu-core", "stunnel4"];

    public static void EnsureForHosts() => Ensure(ForHosts, []);

    public static void EnsureForTests() => Ensure(ForTests, Peers);

    private static void Ensure(string[] needed, string[] wanted)
    {
        if (!OperatingSystem.IsLinux()) return;
        if (Shell.Capture("dpkg-query", "--version") is null)
        {
            Console.Error.WriteLine($"This is neither Debian nor Ubuntu. Please see that these are installed, under your system's names: {string.Join(' ', needed)}");
            return;
        }

        string[] missing = [.. needed.Concat(wanted).Where(package => !IsInstalled(package))];
        if (missing.Length == 0) return;
        if (!Root.IsAtHand)
            throw new BuildException($"these Debian packages are missing and neither root nor sudo is at hand: apt-get install {string.Join(' ', missing)}");

        // An archive of a third party may be out of order; what is needed may be there all the same.
        if (Apt("update", "-qq") != 0) Console.Error.WriteLine("build: 'apt-get update' failed; going on with the package lists as they are");
        string[] absent = [.. missing.Where(package => wanted.Contains(package) && !IsOffered(package))];
        foreach (var package in absent) Console.WriteLine($"This release has no package {package}; what needs it is skipped.");
        missing = [.. missing.Except(absent)];
        if (missing.Length == 0) return;

        Console.WriteLine($"Installing with apt-get: {string.Join(' ', missing)}");
        var code = Apt(["install", "-y", "-qq", "--no-install-recommends", "--no-remove", .. missing]);
        if (code != 0) throw new BuildException($"apt-get could not install {string.Join(' ', missing)} (exit code {code}); install them by hand", code);

        // The tests start an sshd of their own on 127.0.0.1; the service that the package starts would listen to the world.
        if (missing.Contains("openssh-server") && Directory.Exists("/run/systemd/system"))
            Root.Run(["systemctl", "disable", "--now", "ssh.service", "ssh.socket"]);
    }

    private static int Apt(params string[] arguments) => Root.Run(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", .. arguments]);

    // A runc that came with another package (containerd.io) serves as well, and the two packages exclude each other.
    private static bool IsInstalled(string package) =>
        Shell.Capture("dpkg-query", "-W", "-f=${db:Status-Status}", package) is (0, "installed")
        || (package == "runc" && Shell.Capture("runc", "--version") is (0, _));

    private static bool IsOffered(string package) =>
        Shell.Capture("apt-cache", "policy", package) is (0, var policy) && policy.Contains("Candidate:", StringComparison.Ordinal) && !policy.Contains("Candidate: (none)", StringComparison.Ordinal);
}
