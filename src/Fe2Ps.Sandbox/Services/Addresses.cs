using System.Net;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Hands out addresses that no instance has, not even one that slept through a restart and is unknown to the fabric.</summary>
internal static class Addresses
{
    public static IPAddress Private(Cloud cloud, string cidr) => Free(cloud, () => cloud.Fabric.ReservePrivateAddress(IPNetwork.Parse(cidr)), item => item.PrivateIp);

    public static IPAddress Public(Cloud cloud, string privateIp)
        => Free(cloud, () => cloud.Fabric.ReservePublicAddress(IPAddress.Parse(privateIp)), item => item.PrivateIp == privateIp ? null : item.PublicIp);

    private static IPAddress Free(Cloud cloud, Func<IPAddress> reserve, Func<Instance, string?> held)
    {
        while (true)
        {
            IPAddress address;
            try
            {
                address = reserve();
            }
            catch (InvalidOperationException)
            {
                throw new ApiException("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in the subnet to satisfy the requested number of instances.");
            }

            var text = address.ToString();
            if (!cloud.State.Regions.Values.Any(region => region.Instances.Values.Any(instance => instance.HasHost && held(instance) == text)))
                return address;
        }
    }
}
