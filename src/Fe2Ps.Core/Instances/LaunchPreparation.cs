using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Instances;

/// <summary>Makes every choice of a launch. What only reads comes first and at once; what changes something comes after all of it held.</summary>
internal sealed class LaunchPreparation(Fe2Session session)
{
    private readonly InstanceTypes types = new(session);
    private readonly ImageFinder images = new(session);

    /// <param name="forLater">True for a launch that comes another time, when its name may be free.</param>
    public async Task<LaunchPlan> RunAsync(
        LaunchRequest request, IProgress<Fe2Report>? report, CancellationToken cancellationToken, bool forLater = false)
    {
        LaunchPlan.Check(request);
        Task names = forLater ? Task.CompletedTask : InstanceClaim.Of(session).CheckFreeAsync(request.InstanceNames(), cancellationToken);
        Task<(InstanceTypeInfo Type, Image Image)> machine = ChooseMachineAsync(request, cancellationToken);
        Task<IReadOnlyList<Subnet>> places = ChooseSubnetsAsync(request, cancellationToken);
        await Task.WhenAll(names, machine, places).ConfigureAwait(false);
        (InstanceTypeInfo type, Image image) = await machine.ConfigureAwait(false);
        IReadOnlyList<Subnet> all = await places.ConfigureAwait(false);
        await CheckGroupsAsync(request, all[0].VpcId, cancellationToken).ConfigureAwait(false);
        LaunchPlan.CheckDisk(request, image);
        OnInterruptionRules.CheckMachine(request, type, image);
        IReadOnlyList<Subnet> subnets = await InOfferingZonesAsync(request, type, all, cancellationToken).ConfigureAwait(false);

        Task<KeyChoice> key = new KeyPairs(session).EnsureAsync(request.KeyName, request.KeyFile, report, cancellationToken);
        Task<string> group = request.SecurityGroupIds.Count > 0
            ? Task.FromResult("")
            : new SshAccess(session).EnsureAsync(subnets[0].VpcId, request.Cidr, report, cancellationToken);
        await Task.WhenAll(key, group).ConfigureAwait(false);
        // What is written on the image is known; a default is a wish, and an image's name gives no more than a guess.
        string user = request.User ?? InstanceTargets.WrittenUserOf(image) ?? session.Defaults.User ?? InstanceTargets.UserOf(image);
        return new LaunchPlan(
            Guid.NewGuid().ToString("N"), request with { DiskSize = SizeFor(request, type, image) }, type, image,
            await key.ConfigureAwait(false), user, await group.ConfigureAwait(false), subnets);
    }

    /// <summary>A default disk size is a wish that gives way to a bigger image; a size that was asked for has been checked.</summary>
    private int? SizeFor(LaunchRequest request, InstanceTypeInfo type, Image image)
    {
        int? size = request.DiskSize ?? (session.Defaults.DiskSize is { } usual ? Math.Max(usual, LaunchPlan.RootSize(image)) : null);
        // The memory of a machine that hibernates goes to its root disk.
        return request.OnInterruption == OnInterruption.Hibernate ? Math.Max(size ?? LaunchPlan.RootSize(image), OnInterruptionRules.DiskFor(type)) : size;
    }

    private async Task<(InstanceTypeInfo Type, Image Image)> ChooseMachineAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        string? wantedImage = request.Image ?? session.Defaults.Image;
        string? wantedType = request.InstanceType ?? session.Defaults.InstanceType;
        if (wantedType is null && wantedImage is not null)
        {
            // The image decides when nobody asked for a type.
            Image image = await images.GetAsync(wantedImage, null, cancellationToken).ConfigureAwait(false);
            string fitting = image.Architecture?.Value == "arm64" ? "t4g.micro" : "t3.micro";
            return (await types.GetAsync(fitting, cancellationToken).ConfigureAwait(false), image);
        }

        InstanceTypeInfo type = await types.GetAsync(wantedType ?? "t3.micro", cancellationToken).ConfigureAwait(false);
        return (type, await images.GetAsync(wantedImage, InstanceTypes.ArchitectureOf(type), cancellationToken).ConfigureAwait(false));
    }

    private Task<IReadOnlyList<Subnet>> ChooseSubnetsAsync(LaunchRequest request, CancellationToken cancellationToken) =>
        session.GuardAsync<IReadOnlyList<Subnet>>("find a network", request.Zone, async () =>
        {
            DescribeVpcsResponse vpcs = await session.Ec2.DescribeVpcsAsync(
                new DescribeVpcsRequest { Filters = [InstanceQuery.Filter("is-default", ["true"])] }, cancellationToken).ConfigureAwait(false);
            if (vpcs.Vpcs.FirstOrDefault() is not { } vpc)
            {
                throw new Fe2Exception("NetworkMissing", Fe2ErrorKind.NotFound, $"This account has no default VPC in {session.Region}.",
                    "Make one: aws ec2 create-default-vpc", session.Region);
            }

            DescribeSubnetsResponse answer = await session.Ec2.DescribeSubnetsAsync(
                new DescribeSubnetsRequest { Filters = [InstanceQuery.Filter("vpc-id", [vpc.VpcId]), InstanceQuery.Filter("state", ["available"])] },
                cancellationToken).ConfigureAwait(false);
            List<Subnet> open = [.. answer.Subnets.Where(s => s.DefaultForAz == true || s.MapPublicIpOnLaunch == true)
                .OrderBy(s => s.MapPublicIpOnLaunch == true ? 0 : 1).ThenBy(s => s.DefaultForAz == true ? 0 : 1).DistinctBy(s => s.AvailabilityZone).OrderBy(s => s.AvailabilityZone, StringComparer.Ordinal)];
            if (open.Count == 0)
            {
                throw new Fe2Exception("NetworkMissing", Fe2ErrorKind.NotFound, $"The default VPC {vpc.VpcId} has neither a default subnet nor one that gives public addresses.",
                    "Make the default ones: aws ec2 create-default-subnet --availability-zone ZONE", vpc.VpcId);
            }

            if (request.Zone is not { } zone)
                return open;
            return open.FirstOrDefault(s => s.AvailabilityZone == zone || s.AvailabilityZoneId == zone) is { } there
                ? [there]
                : throw new Fe2Exception("ZoneNotFound", Fe2ErrorKind.NotFound, $"There is no zone '{zone}' to launch into in {session.Region}.",
                    $"Give one of: {string.Join(", ", open.Select(s => s.AvailabilityZone))}.", zone);
        });

    /// <summary>The launch itself is patient with a group that EC2 does not know, for it may be one that was made a moment ago. What the caller names is there, or is wrong.</summary>
    private async Task CheckGroupsAsync(LaunchRequest request, string vpcId, CancellationToken cancellationToken)
    {
        if (request.SecurityGroupIds.Count == 0)
            return;
        DescribeSecurityGroupsResponse answer = await session.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [InstanceQuery.Filter("group-id", request.SecurityGroupIds)] }, cancellationToken).ConfigureAwait(false);
        foreach (string id in request.SecurityGroupIds)
        {
            if (answer.SecurityGroups.Find(g => g.GroupId == id) is not { } group)
            {
                throw new Fe2Exception("SecurityGroupNotFound", Fe2ErrorKind.NotFound, $"-SecurityGroupId {id}: there is no security group of this id in {session.Region}.",
                    $"Give the id of one of {vpcId}, or leave -SecurityGroupId out for {SshAccess.GroupName}.", id);
            }

            if (group.VpcId != vpcId)
            {
                throw new Fe2Exception("SecurityGroupElsewhere", Fe2ErrorKind.InvalidArgument,
                    $"-SecurityGroupId {id}: the security group '{group.GroupName}' is of {group.VpcId}, and the machine comes into {vpcId}.",
                    $"Give the id of one of {vpcId}, or leave -SecurityGroupId out for {SshAccess.GroupName}.", id);
            }
        }
    }

    private async Task<IReadOnlyList<Subnet>> InOfferingZonesAsync(
        LaunchRequest request, InstanceTypeInfo type, IReadOnlyList<Subnet> subnets, CancellationToken cancellationToken)
    {
        string name = type.InstanceType.Value;
        Task<IReadOnlyDictionary<string, decimal>> prices = request.Spot ? SpotPricesAsync(name, cancellationToken) : Task.FromResult<IReadOnlyDictionary<string, decimal>>(new Dictionary<string, decimal>());
        IReadOnlySet<string> zones = await types.ZonesOfAsync(name, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, decimal> byZone = await prices.ConfigureAwait(false);
        List<Subnet> offering = [.. subnets.Where(s => zones.Contains(s.AvailabilityZone))
            .OrderBy(s => byZone.GetValueOrDefault(s.AvailabilityZone, decimal.MaxValue))];
        return offering.Count > 0 ? offering : throw new Fe2Exception(
            "TypeNotInZone", Fe2ErrorKind.InvalidArgument,
            $"{name} is not offered in {string.Join(", ", subnets.Select(s => s.AvailabilityZone))}.",
            zones.Count > 0 ? $"It is offered in {string.Join(", ", zones.Order(StringComparer.Ordinal))}." : "Choose another type or region.", name);
    }

    /// <summary>The cheapest zone is tried first; without prices the order does not matter.</summary>
    private async Task<IReadOnlyDictionary<string, decimal>> SpotPricesAsync(string type, CancellationToken cancellationToken)
    {
        try
        {
            return await new SpotNow(session).ByZoneAsync(type, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or AmazonClientException)
        {
            return new Dictionary<string, decimal>();
        }
    }
}
