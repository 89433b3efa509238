using System.Net;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>The test program as a sandbox that a test can kill: it has a host, a volume in it, and waits.</summary>
internal static class CrashingOwner
{
    public const string Word = "own-a-fabric";

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [Word, var state])
            return 2;
        await using var fabric = new ContainerFabric(state, temporary: true);
        await FillAsync(fabric);
        Console.WriteLine(fabric.Id);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    public static async Task FillAsync(ContainerFabric fabric)
    {
        await fabric.PrepareAsync(null, CancellationToken.None);
        var address = fabric.ReservePrivateAddress(IPNetwork.Parse("172.31.0.0/20"));
        await fabric.CreateVolumeAsync("vol-1", 1, null, CancellationToken.None);
        await fabric.StartAsync(
            new HostSpec("i-1", "ip-1", address, fabric.ReservePublicAddress(address), "vol-root", 8, null, "ubuntu", [], null), CancellationToken.None);
        await fabric.AttachVolumeAsync("vol-1", "i-1", "/dev/sdf", CancellationToken.None);
    }
}
