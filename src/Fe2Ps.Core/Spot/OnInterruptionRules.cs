using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// EC2's rules for machines that it stops or hibernates instead of ending them. Sources: "Behavior of Spot Instance interruptions" and
/// "Prerequisites for Amazon EC2 instance hibernation" in the EC2 user guide.
/// </summary>
internal static class OnInterruptionRules
{
    /// <summary>Linux machines with more memory are not hibernated, MiB.</summary>
    private const long MostMemory = 150 * 1024;

    /// <summary>What a system takes of its root disk beside the memory, GiB: as much as its maker's image has.</summary>
    private const int ForSystem = 8;

    /// <summary>What can be known to be wrong before any call.</summary>
    /// <exception cref="Fe2Exception"><c>OnInterruptionWithoutSpot</c>, <c>SpotCannotStop</c>, <c>SpotWouldComeBack</c>.</exception>
    public static void Check(LaunchRequest request)
    {
        if (request.OnInterruption is { } wanted && !request.Spot)
        {
            throw Invalid("OnInterruptionWithoutSpot", $"-OnInterruption {wanted} is about spot machines: EC2 takes no others away.",
                "Add -Spot, or leave -OnInterruption out.", wanted);
        }

        var comesBack = ComesBack(request);
        if (request.Spot && !comesBack && request.OnShutdown == ShutdownAction.Stop)
        {
            throw Invalid("SpotCannotStop", "A one-time spot instance cannot be stopped, only terminated.",
                "Leave -OnShutdown out, add -OnInterruption Stop, or launch without -Spot.", request.Name);
        }

        // EC2 user guide, "Terminate a Spot Instance": a persistent request gets another instance as soon as its own terminates.
        if (comesBack && request.OnShutdown == ShutdownAction.Terminate)
        {
            throw Invalid("SpotWouldComeBack",
                $"With -OnInterruption {request.OnInterruption} the spot request is persistent: if the machine terminated itself (-OnShutdown Terminate), EC2 would launch another one.",
                "Leave -OnShutdown out, or -OnInterruption; Remove-Fe2Instance ends the request with the machine.", request.OnShutdown);
        }
    }

    /// <summary>Whether EC2 starts the machine again after an interruption.</summary>
    public static bool ComesBack(LaunchRequest request) => request is { Spot: true, OnInterruption: OnInterruption.Stop or OnInterruption.Hibernate };

    /// <summary>The root disk that a hibernating machine needs at least, GiB.</summary>
    public static int DiskFor(InstanceTypeInfo type) => (int)((MemoryOf(type) + 1023) / 1024) + ForSystem;

    /// <summary>Whether this machine can hibernate.</summary>
    /// <param name="request">The launch; its disk size as asked for, or null.</param>
    /// <param name="type">The instance type.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="Fe2Exception"><c>HibernateTypeUnsupported</c>, <c>HibernateMemoryTooLarge</c>, <c>HibernateImageUnsupported</c>, <c>HibernateDiskTooSmall</c>.</exception>
    public static void CheckMachine(LaunchRequest request, InstanceTypeInfo type, Image image)
    {
        if (!request.Spot || request.OnInterruption != OnInterruption.Hibernate)
            return;
        const string Or = "or use -OnInterruption Stop, which keeps the disks";
        var name = type.InstanceType.Value;
        if (MemoryOf(type) > MostMemory)
        {
            throw Invalid("HibernateMemoryTooLarge", $"-OnInterruption Hibernate: {name} has {MemoryOf(type) / 1024} GiB of memory, and EC2 hibernates up to {MostMemory / 1024} GiB.",
                $"Choose a smaller -InstanceType, {Or}.", name);
        }

        if (type.HibernationSupported != true)
        {
            throw Invalid("HibernateTypeUnsupported", $"-OnInterruption Hibernate: EC2 does not hibernate {name}.",
                $"Choose another -InstanceType (m5, c5, r5, t3 and their successors hibernate), {Or}.", name);
        }

        if (UnfitImage(image) is { } reason)
        {
            throw Invalid("HibernateImageUnsupported", $"-OnInterruption Hibernate: the image '{image.Name}' ({image.ImageId}) {reason}.",
                $"Choose an -Image of Ubuntu or Amazon Linux 2023, {Or}.", image.ImageId);
        }

        if (request.DiskSize is { } size && size < DiskFor(type))
        {
            throw Invalid("HibernateDiskTooSmall",
                $"-OnInterruption Hibernate writes the memory of {name} ({MemoryOf(type) / 1024.0:0.#} GiB) to its root disk, and -DiskSize {size} leaves too little for the system.",
                $"Give -DiskSize {DiskFor(type)} or more, leave it out, {Or}.", size);
        }
    }

    /// <summary>Why EC2 does not hibernate machines of an image, or null. An image of one's own is taken at its word.</summary>
    private static string? UnfitImage(Image image) =>
        image.VirtualizationType is { } kind && kind != VirtualizationType.Hvm ? "is no HVM image"
        : image.RootDeviceType is { } root && root != DeviceType.Ebs ? "has its root on an instance store"
        : image.Platform is { } platform && platform == PlatformValues.Windows ? "is Windows, which Fe2Ps does not run"
        : InstanceTargets.UserOf(image) is "admin" or "bitnami" or "rocky" ? "is of a system that EC2 does not hibernate"
        : null;

    private static long MemoryOf(InstanceTypeInfo type) => type.MemoryInfo?.SizeInMiB ?? 0;

    private static Fe2Exception Invalid(string id, string message, string nextStep, object? target) =>
        new(id, Fe2ErrorKind.InvalidArgument, message, nextStep, target);
}
