using System.Globalization;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>How a machine calls the volumes that it is given. Source: "Device names for volumes on Amazon EC2 instances" in the EC2 user guide.</summary>
public enum DiskNames
{
    /// <summary>Types built on Nitro: NVMe devices in an order of their own, told apart by their serial, the volume's id.</summary>
    Nvme,

    /// <summary>Types built on Xen: the name under which it was attached; the kernel says xvd for sd.</summary>
    Xen,
}

/// <summary>A volume as one host shows it.</summary>
/// <param name="Loop">The loop device behind it.</param>
/// <param name="VolumeId">The volume.</param>
/// <param name="Device">For example /dev/nvme1n1 or /dev/xvdf.</param>
internal sealed record ShownDisk(int Loop, string VolumeId, string Device)
{
    private const string Nvme = "/dev/nvme";

    public static ShownDisk Of(int loop, string volumeId, string attachedAs, int number, DiskNames names) => new(
        loop, volumeId, names == DiskNames.Nvme ? string.Create(CultureInfo.InvariantCulture, $"{Nvme}{number}n1") : XenName(attachedAs));

    /// <summary>/dev/nvme1n1p1, /dev/xvdf1.</summary>
    public string PartitionOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{Device}{(char.IsAsciiDigit(Device[^1]) ? "p" : "")}{index}");

    /// <summary>The link by the volume's serial to a node of this disk, as udev makes it on Nitro; null on Xen, which knows no serials.</summary>
    public string? LinkOf(string node)
    {
        if (!Device.StartsWith(Nvme, StringComparison.Ordinal))
            return null;
        var serial = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + VolumeId.Replace("-", string.Empty, StringComparison.Ordinal);
        return node == Device ? serial : $"{serial}-part{node[(Device.Length + 1)..]}";
    }

    /// <summary>/dev/sdf and xvdf both become /dev/xvdf.</summary>
    private static string XenName(string attachedAs)
    {
        var name = Path.GetFileName(attachedAs);
        if (name.StartsWith("sd", StringComparison.Ordinal))
            name = string.Create(CultureInfo.InvariantCulture, $"xvd{name.AsSpan(2)}");
        return "/dev/" + name;
    }
}
