namespace Fe2Ps.Build;

/// <summary>What the machine itself must have, and how it gets there on Debian and Ubuntu.</summary>
internal static class SystemPackages
{
    /// <summary>The sandbox's hosts: a root made once, containers on it, their network and disks; ssh and rsync to reach them.</summary>
    private static readonly string[] ForHosts =
        ["runc", "mmdebstrap", "iproute2", "nftables", "procps", "e2fsprogs", "xfsprogs", "mount", "util-linux", "openssh-client", "rsync"];

    /// <summary>What the tests drive the project with: a real sshd, the machine side of the jobs, and clients that nobody here wrote.</summary>
    private static readonly string[] ForTests =
        [.. ForHosts, "openssh-server", "tmux", "sudo", "lsyncd", "shellcheck", "awscli", "python3-boto3", "python3-botocore", "time"];

    public static void EnsureForHosts() => Ensure(ForHosts);

    public static void EnsureForTests() => Ensure(ForTests);

    private static void Ensure(string[] packages)
    {
        if (!OperatingSystem.IsLinux()) return;
        if (Shell.Capture("dpkg-query", "--version") is null)
        {
            Console.Error.WriteLine($"This is neither Debian nor Ubuntu. Please see that these are installed, under your system's names: {string.Join(' ', packages)}");
            return;
        }

        var missing = packages.Where(package => !IsInstalled(package)).ToArray();
        if (missing.Length == 0) return;

        var hadSshServer = IsInstalled("openssh-server");
        Console.WriteLine($"Installing with apt-get: {string.Join(' ', missing)}");
        string[] elevate = Environment.UserName == "root" ? [] : ["sudo"];
        if (elevate.Length > 0 && Shell.Capture("sudo", "--version") is null)
            throw new BuildException($"these Debian packages are missing and neither root nor sudo is at hand: apt-get install {string.Join(' ', missing)}");

        Apt(elevate, ["update", "-qq"]);
        Apt(elevate, ["install", "-y", "-qq", "--no-install-recommends", .. missing]);

        // The tests start an sshd of their own on 127.0.0.1; the service that the package starts would listen to the world.
        if (!hadSshServer && missing.Contains("openssh-server") && Directory.Exists("/run/systemd/system"))
            Shell.Run(elevate.Length > 0 ? "sudo" : "systemctl", [.. elevate.Length > 0 ? new[] { "systemctl" } : [], "disable", "--now", "ssh.service", "ssh.socket"]);
    }

    private static void Apt(string[] elevate, string[] arguments)
    {
        string[] line = [.. elevate, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", .. arguments];
        var code = Shell.Run(line[0], line[1..]);
        if (code != 0) throw new BuildException($"'apt-get {string.Join(' ', arguments)}' ended with {code}; run it by hand to see more", code);
    }

    private static bool IsInstalled(string package) =>
        Shell.Capture("dpkg-query", "-W", "-f=${db:Status-Status}", package) is (0, "installed");
}
