using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Finds out whether and how well this machine can run hosts as plain processes.</summary>
internal static class ProcessSupport
{
    private const string LoginUser = "ubuntu";
    private static readonly Lazy<bool> Isolation = new(TryIsolation);

    /// <summary>Whether hosts can have mounts, processes and a name of their own.</summary>
    public static bool CanIsolate => Isolation.Value;

    /// <summary>
    /// Whether a host's login user may become root. Only where that root is shut in, and the machine has sudo; elsewhere a stand-in runs
    /// commands as they are.
    /// </summary>
    public static bool HasSudo(bool isolated) => isolated && Commands.Find("sudo") is not null;

    public static bool Check(out string reason)
    {
        reason = WhyNot() ?? string.Empty;
        return reason.Length == 0;
    }

    private static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux())
            return "Process hosts need Linux.";
        string[] programs = ["sshd", "ssh-keygen", "bash", "unshare"];
        var missing = programs.Where(program => Commands.Find(program) is null).ToList();
        if (missing.Count > 0)
            return $"Process hosts need programs that are missing here: {string.Join(", ", missing)}.";
        try
        {
            using var probe = new TcpListener(IPAddress.Parse("127.255.255.253"), 22);
            probe.Start();
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return "Process hosts need port 22 of 127.0.0.0/8, but an SSH server listens on every address (ListenAddress 0.0.0.0).";
        }
        catch (SocketException error)
        {
            return $"Process hosts may not listen on port 22 here ({error.Message}); run as root.";
        }

        return CanIsolate || HasAccount()
            ? null
            : $"Process hosts need an account '{LoginUser}' here, or the right to make namespaces.";
    }

    private static bool HasAccount() =>
        (Kernel.IsRoot || Environment.UserName == LoginUser)
        && File.ReadLines("/etc/passwd").Any(line => line.StartsWith(LoginUser + ":", StringComparison.Ordinal));

    private static bool TryIsolation()
    {
        if (!Kernel.IsRoot)
            return false;
        try
        {
            Namespaces.InNew(Kernel.CloneNewNamespace, Kernel.MakeMountsPrivate);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
