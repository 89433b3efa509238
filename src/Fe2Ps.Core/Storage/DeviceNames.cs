using Amazon.EC2.Model;

namespace Fe2Ps.Core.Storage;

/// <summary>
/// Free device names. Source: "Device names for volumes on Amazon EC2 instances" in the EC2 user guide: /dev/sd[f-p] is recommended
/// for volumes, /dev/xvd[b-d][a-z] are possible too on the images of today.
/// </summary>
internal static class DeviceNames
{
    public static IEnumerable<string> Free(Instance instance, IEnumerable<Volume> attached)
    {
        HashSet<string> used =
        [
            .. instance.BlockDeviceMappings.Select(b => Key(b.DeviceName)),
            .. attached.Select(v => VolumeFacts.AttachmentOf(v)?.Device).OfType<string>().Select(Key),
        ];
        return All().Where(name => !used.Contains(Key(name)));
    }

    private static IEnumerable<string> All()
    {
        for (char letter = 'f'; letter <= 'p'; letter++)
            yield return $"/dev/sd{letter}";
        foreach (char first in "bcd")
        {
            for (char second = 'a'; second <= 'z'; second++)
                yield return $"/dev/xvd{first}{second}";
        }
    }

    /// <summary>/dev/sdf and /dev/xvdf are one place.</summary>
    private static string Key(string device) => device.Replace("/dev/", "", StringComparison.Ordinal).Replace("xvd", "", StringComparison.Ordinal).Replace("sd", "", StringComparison.Ordinal);
}
