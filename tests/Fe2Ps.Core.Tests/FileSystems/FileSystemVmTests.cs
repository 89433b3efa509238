using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Tests.Vm;

namespace Fe2Ps.Core.Tests.FileSystems;

/// <summary>
/// A shared file system as it is on a machine: the product's own scripts with Debian's kernel, NFS client and stunnel, and a server of NFS 4.1
/// behind TLS in a network of its own, in a virtual machine that is started again.
/// </summary>
[Collection("alone")]
public sealed class FileSystemVmTests
{
    private const string Id = "fs-0123456789abcdef0";

    [VmFact]
    public async Task ItIsMountedThroughItsTunnelAndComesBackAfterARestart()
    {
        using SmallVm vm = await SmallVm.MakeAsync();
        string first = await vm.BootAsync("FileSystems/mount-vm.sh", "file-systems");

        // The other end has to prove that it is this file system.
        SmallVm.Said("VM 1: another's certificate: .*stunnel.* exit code 71", first);
        SmallVm.Said("VM 1: then: 0 mounts, 0 tunnels", first);

        SmallVm.Said("VM 1: mounted: point /mnt/shared folder exit code 0", first);
        SmallVm.Said($@"VM 1: as: 127\.0\.0\.1:/ /mnt/shared folder nfs4 rw,.*vers=4\.1,.*hard,.*port={FileSystemMounter.PortOf(Id)},.*addr=127\.0\.0\.1", first);
        SmallVm.Said("VM 1: its owner: 1000:1000", first);
        SmallVm.Said("VM 1: the server has what was written", first);
        SmallVm.Said("VM 1: again: already /mnt/shared folder exit code 0", first);
        SmallVm.Said("VM 1: busy: umount: .*busy.* exit code 66", first);

        SmallVm.Said("VM 1: written through the next tunnel: 1", first);
        SmallVm.Said("VM 1: dismounted without a tunnel: point /mnt/shared folder exit code 0", first);
        SmallVm.Said("VM 1: left: 0 mounts, 0 tunnels, 0 files, 0 hooks", first);
        SmallVm.Said("VM 1: nothing to do: nothing exit code 0", first);
        SmallVm.Said("VM 1: for each start: point /mnt/shared folder exit code 0", first);
        SmallVm.Said("VM 1: the end", first);

        string second = await vm.BootAsync("FileSystems/mount-vm.sh", "file-systems");
        SmallVm.Said("VM 2: before: 0 mounts, 0 tunnels", second);
        SmallVm.Said("VM 2: mounted again: late", second);
        SmallVm.Said("VM 2: written through the next tunnel: after 1", second);
        SmallVm.Said("VM 2: dismounted: point /mnt/shared folder exit code 0", second);
        SmallVm.Said("VM 2: left: 0 mounts, 0 tunnels, 0 files, 0 hooks", second);
        SmallVm.Said("VM 2: the end", second);
    }
}
