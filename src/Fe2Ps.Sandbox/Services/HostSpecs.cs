using System.Net;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Services;

/// <summary>What the fabric is told about a host.</summary>
internal static class HostSpecs
{
    public static HostSpec Of(RegionState region, Instance instance)
    {
        var root = region.Volumes[instance.RootVolumeId];
        var key = instance.KeyName is null ? null : region.KeyPairs.Values.FirstOrDefault(pair => pair.Name == instance.KeyName);
        return new HostSpec(
            instance.Id,
            $"ip-{instance.PrivateIp!.Replace('.', '-')}",
            IPAddress.Parse(instance.PrivateIp),
            instance.PublicIp is null ? null : IPAddress.Parse(instance.PublicIp),
            root.Id,
            root.Size,
            region.Snapshots.ContainsKey(root.SnapshotId) ? root.SnapshotId : null,
            instance.LoginUser,
            key is null ? [] : [key.PublicKey],
            instance.UserData is null ? null : Convert.FromBase64String(instance.UserData),
            InstanceTypes.Find(instance.Type) is { Nitro: false } ? DiskNames.Xen : DiskNames.Nvme,
            instance.Systemd);
    }

    /// <summary>The snapshot that a data volume begins with; the makers' own snapshots have no content here.</summary>
    public static string? DataSnapshot(RegionState region, Volume volume) => region.Snapshots.ContainsKey(volume.SnapshotId) ? volume.SnapshotId : null;
}
