using System.Globalization;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Instances;

/// <summary>A launch with every choice made: what goes into RunInstances, and where it may go.</summary>
/// <param name="Id">The launch's own id: the client token and the tag <c>fe2:launch</c>.</param>
internal sealed record LaunchPlan(
    string Id, LaunchRequest Request, InstanceTypeInfo Type, Image Image, KeyChoice Key, string User, string GroupId, IReadOnlyList<Subnet> Subnets)
{
    private const int MostUserData = 16 * 1024;

    /// <summary>The call for one zone. Everything that is made carries its tags from the first moment.</summary>
    public RunInstancesRequest CallFor(Subnet subnet, int attempt, Fe2Environment environment)
    {
        List<Tag> tags =
        [
            new(TagNames.Name, Request.Name),
            new(TagNames.Owner, Owner.Of(environment)),
            new(TagNames.Launch, Id),
            // The usual user too: who has another one as default must not log in to this machine by it.
            new(TagNames.User, User),
            .. Request.Tags.Select(t => new Tag(t.Key, t.Value)),
        ];
        var call = new RunInstancesRequest
        {
            // Another zone is another request to EC2, so it needs another token.
            ClientToken = attempt == 0 ? Id : string.Create(CultureInfo.InvariantCulture, $"{Id}-{attempt}"),
            ImageId = Image.ImageId,
            InstanceType = Type.InstanceType,
            MinCount = Request.Count,
            MaxCount = Request.Count,
            KeyName = Key.Name,
            NetworkInterfaces = [PublicInterface(subnet)],
            InstanceInitiatedShutdownBehavior = OnShutdown == ShutdownAction.Terminate ? ShutdownBehavior.Terminate : ShutdownBehavior.Stop,
            MetadataOptions = new InstanceMetadataOptionsRequest
            {
                HttpTokens = HttpTokensState.Required,
                HttpEndpoint = InstanceMetadataEndpointState.Enabled,
            },
            BlockDeviceMappings = [RootDisk()],
            TagSpecifications =
            [
                new TagSpecification { ResourceType = ResourceType.Instance, Tags = tags },
                new TagSpecification { ResourceType = ResourceType.Volume, Tags = tags },
            ],
        };
        if (Request.UserData is { } userData)
            call.UserData = Convert.ToBase64String(Encoding.UTF8.GetBytes(userData));
        if (Request.InstanceProfile is { } profile)
        {
            call.IamInstanceProfile = profile.StartsWith("arn:", StringComparison.Ordinal)
                ? new IamInstanceProfileSpecification { Arn = profile } : new IamInstanceProfileSpecification { Name = profile };
        }

        if (Request.Spot)
        {
            call.TagSpecifications.Add(new TagSpecification { ResourceType = ResourceType.SpotInstancesRequest, Tags = tags });
            call.InstanceMarketOptions = new InstanceMarketOptionsRequest
            {
                MarketType = MarketType.Spot,
                SpotOptions = new SpotMarketOptions
                {
                    SpotInstanceType = OnInterruptionRules.ComesBack(Request) ? SpotInstanceType.Persistent : SpotInstanceType.OneTime,
                    InstanceInterruptionBehavior = Request.OnInterruption switch
                    {
                        OnInterruption.Stop => InstanceInterruptionBehavior.Stop,
                        OnInterruption.Hibernate => InstanceInterruptionBehavior.Hibernate,
                        _ => InstanceInterruptionBehavior.Terminate,
                    },
                    MaxPrice = Request.MaxPrice?.ToString(CultureInfo.InvariantCulture),
                },
            };
            // EC2 user guide, "Specify the interruption behavior": a machine that is to hibernate is made ready for it at its launch.
            if (Request.OnInterruption == OnInterruption.Hibernate)
                call.HibernationOptions = new HibernationOptionsRequest { Configured = true };
        }

        return call;
    }

    private ShutdownAction OnShutdown => Request.OnShutdown ?? (Request.Spot && !OnInterruptionRules.ComesBack(Request) ? ShutdownAction.Terminate : ShutdownAction.Stop);

    /// <summary>
    /// A public address is asked for whatever the subnet is set to: ssh needs it. Where an interface is described, subnet and groups are
    /// part of it. Source: InstanceNetworkInterfaceSpecification in the EC2 API reference.
    /// </summary>
    private InstanceNetworkInterfaceSpecification PublicInterface(Subnet subnet) => new()
    {
        DeviceIndex = 0,
        AssociatePublicIpAddress = true,
        DeleteOnTermination = true,
        SubnetId = subnet.SubnetId,
        Groups = Request.SecurityGroupIds.Count > 0 ? [.. Request.SecurityGroupIds] : [GroupId],
    };

    private BlockDeviceMapping RootDisk()
    {
        int least = RootSize(Image);
        return new BlockDeviceMapping
        {
            DeviceName = Image.RootDeviceName,
            Ebs = new EbsBlockDevice
            {
                VolumeType = VolumeType.Gp3,
                VolumeSize = Math.Max(Request.DiskSize ?? 0, least),
                Encrypted = true,
                DeleteOnTermination = true,
                Iops = Request.Iops,
                Throughput = Request.Throughput,
            },
        };
    }

    /// <summary>The image's root disk in GiB; 8 where the image does not say.</summary>
    public static int RootSize(Image image) =>
        image.BlockDeviceMappings.FirstOrDefault(b => b.DeviceName == image.RootDeviceName)?.Ebs?.VolumeSize ?? 8;

    /// <summary>What can be known to be wrong before any call.</summary>
    /// <exception cref="Fe2Exception"><c>NameInvalid</c>, <c>CountInvalid</c>, <c>DiskSizeInvalid</c>, <c>SpotCannotStop</c>, <c>SpotWouldComeBack</c>, <c>OnInterruptionWithoutSpot</c>, <c>UserDataTooLong</c>, <c>TagReserved</c>, <c>CidrInvalid</c>, <c>CidrWithSecurityGroup</c>.</exception>
    public static void Check(LaunchRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Name) || request.Name.Length > 200 || request.Name.AsSpan().ContainsAny("*?[]")
            || request.Name.Any(char.IsControl) || InstanceQuery.IsId(request.Name) || request.Name != request.Name.Trim()
            || request.Name is "." or "..")
        {
            throw Invalid("NameInvalid", $"'{request.Name}' cannot be an instance's name.",
                "Use 1 to 200 characters without * ? [ ], without a space at either end, not . or .., and nothing that looks like an instance id.", request.Name);
        }

        if (request.Count is < 1 or > 1000)
            throw Invalid("CountInvalid", $"{request.Count} instances cannot be launched at once.", "Give a -Count from 1 to 1000.", request.Count);
        if (request.DiskSize is < 1 or > 65536)
            throw Invalid("DiskSizeInvalid", $"A disk of {request.DiskSize} GiB does not exist.", "Give a -DiskSize from 1 to 65536 GiB.", request.DiskSize);
        OnInterruptionRules.Check(request);
        if (request.MaxPrice is not null && !request.Spot)
            throw Invalid("MaxPriceWithoutSpot", "-MaxPrice is the most to pay for spot.", "Add -Spot, or leave -MaxPrice out.", request.MaxPrice);
        if (request.UserData is { } data && Encoding.UTF8.GetByteCount(data) > MostUserData)
            throw Invalid("UserDataTooLong", "User data may have 16 KiB at most.", "Copy the file to the machine after the launch instead.", request.Name);
        if (request.Tags.Keys.FirstOrDefault(k => k == TagNames.Name || k.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)
            || k is TagNames.Owner or TagNames.Launch or TagNames.HostKey or TagNames.User) is { } reserved)
            throw Invalid("TagReserved", $"The tag '{reserved}' is set by others.", "Choose another tag.", reserved);
        if (request.Cidr is not { } cidr)
            return;
        _ = Cidr.Parse(cidr);
        if (request.SecurityGroupIds.Count > 0)
        {
            throw Invalid("CidrWithSecurityGroup", $"-Cidr {cidr} is for the group {SshAccess.GroupName}, which is not used with -SecurityGroupId.",
                "Leave -Cidr out and let ssh in by a rule of your own group, or leave -SecurityGroupId out.", cidr);
        }
    }

    /// <summary>A disk below the image's size cannot be launched.</summary>
    /// <exception cref="Fe2Exception"><c>DiskTooSmall</c>.</exception>
    public static void CheckDisk(LaunchRequest request, Image image)
    {
        int least = RootSize(image);
        if (request.DiskSize is { } size && size < least)
        {
            throw Invalid("DiskTooSmall", $"A disk of {size} GiB is smaller than the image '{image.Name}' ({image.ImageId}), which needs {least} GiB.",
                $"Give -DiskSize {least} or more, or leave it out.", size);
        }
    }

    private static Fe2Exception Invalid(string id, string message, string nextStep, object? target) =>
        new(id, Fe2ErrorKind.InvalidArgument, message, nextStep, target);
}
