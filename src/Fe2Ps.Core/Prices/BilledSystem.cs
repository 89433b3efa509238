using Amazon.EC2.Model;

namespace Fe2Ps.Core.Prices;

/// <summary>Which of the price list's operating systems a machine is billed as.</summary>
internal static class BilledSystem
{
    /// <summary>What costs nothing above the machine itself.</summary>
    public const string Linux = "Linux";

    /// <summary>
    /// The operating system in the price list's words, or null for one that it has no such word for. EC2's words: "AMI billing information fields"
    /// in the EC2 user guide. Who brings a Windows licence along pays for the machine alone, which is what Linux costs.
    /// </summary>
    public static string? Of(Instance instance) => instance.PlatformDetails switch
    {
        null or "" or "Linux/UNIX" or "Windows BYOL" => Linux,
        "Windows" => "Windows",
        "Red Hat Enterprise Linux" => "RHEL",
        "SUSE Linux" => "SUSE",
        "Ubuntu Pro" => "Ubuntu Pro",
        _ => null,
    };
}
