using System.Globalization;
using System.Net;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Makes instances, with their volumes and spot requests, of a launch plan.</summary>
internal sealed class Launcher(Cloud cloud, HostKeeper hosts, SpotMarket spot)
{
    public IReadOnlyList<Instance> Launch(Call call, LaunchPlan plan)
    {
        var isSpot = plan.Spot is not null;
        CheckLimits(plan, isSpot);
        var subnet = plan.Subnet is not null ? Checked(call, plan, plan.Subnet, isSpot) : Anywhere(call, plan, isSpot);
        if (plan.Spot is not null)
            spot.CheckPrice(call, plan, subnet);
        var reservation = Ids.New("r");
        return [.. Reserve(plan, subnet).Select((address, index) => Make(call, plan, subnet, reservation, index, address))];
    }

    /// <summary>Makes one instance for a persistent request that waits.</summary>
    public void Fulfil(Call call, LaunchPlan plan, SpotRequest request)
    {
        if (plan.Subnet is not null)
            CheckCapacity(call, plan.Type.Name, plan.Subnet.Zone, isSpot: true);
        var subnet = plan.Subnet ?? Anywhere(call, plan, isSpot: true);
        spot.CheckPrice(call, plan, subnet);
        var one = plan with { Most = 1, Least = 1, ClientToken = "", InstanceTags = [], VolumeTags = [] };
        Make(call, one, subnet, Ids.New("r"), 0, Addresses.Private(cloud, subnet.Cidr), request);
        (request.State, request.StatusCode, request.StatusMessage, request.UpdatedAt, request.Zone) =
            ("active", "fulfilled", "Your Spot request is fulfilled.", call.Now, subnet.Zone);
    }

    // All or nothing: a launch that finds too few addresses has made nothing.
    private List<IPAddress> Reserve(LaunchPlan plan, Subnet subnet)
    {
        var addresses = new List<IPAddress>(plan.Most);
        try
        {
            while (addresses.Count < plan.Most)
                addresses.Add(Addresses.Private(cloud, subnet.Cidr));
            return addresses;
        }
        catch (ApiException)
        {
            addresses.ForEach(cloud.Fabric.ReleaseAddress);
            throw;
        }
    }

    /// <summary>Refuses where a fault says that a zone has no room.</summary>
    public void CheckCapacity(Call call, string type, string zone, bool isSpot)
    {
        if (cloud.Faults.Strike("capacity", call.Operation.Name, zone, type, isSpot ? "spot" : "on-demand") is null)
            return;
        var others = string.Join(", ", call.Facts.Zones.Select(other => other.Name).Where(other => other != zone));
        throw isSpot
            ? new ApiException("InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request.", 500)
            : new ApiException(
                "InsufficientInstanceCapacity",
                $"We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning "
                + $"additional capacity. You can currently get {type} capacity by not specifying an Availability Zone in your request or choosing {others}.",
                500);
    }

    private void CheckLimits(LaunchPlan plan, bool isSpot)
    {
        if (isSpot && cloud.Faults.Strike("spot-count", "RunInstances", instanceType: plan.Type.Name) is not null)
            throw new ApiException("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded");
        if (cloud.Faults.Strike("vcpu-limit", "RunInstances", instanceType: plan.Type.Name, market: isSpot ? "spot" : "on-demand") is not null)
        {
            throw new ApiException(
                "VcpuLimitExceeded",
                "You have requested more vCPU capacity than your current vCPU limit of 5 allows for the instance bucket that the specified instance type belongs "
                + "to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.");
        }
    }

    private Subnet Checked(Call call, LaunchPlan plan, Subnet subnet, bool isSpot)
    {
        try
        {
            CheckCapacity(call, plan.Type.Name, subnet.Zone, isSpot);
            return subnet;
        }
        catch (ApiException) when (plan.Spot is { Type: "persistent" })
        {
            spot.Open(call, plan, subnet, "open", "capacity-not-available", "There is no Spot capacity available that matches your request.");
            cloud.Changed();
            throw;
        }
    }

    private Subnet Anywhere(Call call, LaunchPlan plan, bool isSpot)
    {
        ApiException? refusal = null;
        foreach (var subnet in call.Region.Subnets)
        {
            try
            {
                CheckCapacity(call, plan.Type.Name, subnet.Zone, isSpot);
                return subnet;
            }
            catch (ApiException error)
            {
                refusal = error;
            }
        }

        throw isSpot ? refusal! : new ApiException(
            "InsufficientInstanceCapacity",
            $"We currently do not have sufficient {plan.Type.Name} capacity in zones with support for 'gp2' volumes. Our system will be working on provisioning additional capacity.",
            500);
    }

    private Instance Make(Call call, LaunchPlan plan, Subnet subnet, string reservation, int index, IPAddress privateAddress, SpotRequest? waiting = null)
    {
        var late = cloud.Faults.Strike("late-visibility", call.Operation.Name)?.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : cloud.Pace.LateVisibility;
        var request = plan.Spot is null ? null : waiting ?? spot.Open(call, plan, subnet, "active", "fulfilled", "Your Spot request is fulfilled.");
        var id = Ids.New("i");
        var volumes = plan.Devices.Select((device, place) => MakeVolume(call, plan, subnet, id, device, place == 0)).ToList();
        var instance = new Instance
        {
            Id = id,
            ReservationId = reservation,
            LaunchIndex = index,
            ImageId = plan.Image.Id,
            Type = plan.Type.Name,
            Architecture = plan.Type.Architecture,
            KeyName = plan.KeyName,
            State = InstanceState.Pending,
            CreatedAt = call.Now,
            LaunchTime = call.Now,
            VisibleAt = call.Now + late,
            SubnetId = subnet.Id,
            VpcId = subnet.VpcId,
            Zone = subnet.Zone,
            PrivateIp = privateAddress.ToString(),
            WantsPublicIp = plan.PublicIp ?? subnet.MapPublicIpOnLaunch,
            GroupIds = [.. plan.GroupIds],
            RootDevice = plan.Image.RootDevice,
            RootVolumeId = volumes[0].Id,
            VolumeIds = [.. volumes.Select(volume => volume.Id)],
            LoginUser = plan.Image.LoginUser,
            Systemd = plan.Image.Systemd,
            PlatformDetails = plan.Image.PlatformDetails,
            ShutdownBehavior = plan.ShutdownBehavior,
            UserData = plan.UserData,
            HttpTokens = plan.HttpTokens,
            HttpEndpoint = plan.HttpEndpoint,
            HopLimit = plan.HopLimit,
            MetadataTags = plan.MetadataTags,
            SpotRequestId = request?.Id,
            DisableApiTermination = plan.DisableApiTermination,
            DisableApiStop = plan.DisableApiStop,
            EbsOptimized = plan.EbsOptimized,
            Hibernates = plan.Hibernates,
            Monitoring = plan.Monitoring,
            ProfileArn = plan.ProfileArn,
            ProfileSince = call.Now,
            ProfileAssociationId = plan.ProfileArn is null ? "" : Ids.New("iip-assoc"),
            ClientToken = plan.ClientToken,
            NetworkInterfaceId = Ids.New("eni"),
            Mac = Mac(privateAddress),
            Tags = new(plan.InstanceTags, StringComparer.Ordinal),
        };
        if (request is not null)
            request.InstanceId = id;
        call.Region.Instances[id] = instance;
        hosts.Launch(call.Region, instance);
        return instance;
    }

    private static Volume MakeVolume(Call call, LaunchPlan plan, Subnet subnet, string instanceId, DeviceMapping device, bool isRoot)
    {
        var size = device.Size ?? 8;
        var (iops, throughput) = VolumeRules.Performance(device.Type, size, device.Iops, device.Throughput);
        var volume = new Volume
        {
            Id = Ids.New("vol"),
            Zone = subnet.Zone,
            Size = size,
            Type = device.Type,
            Iops = iops,
            Throughput = throughput,
            SnapshotId = device.SnapshotId ?? "",
            Encrypted = device.Encrypted,
            State = "in-use",
            IsRoot = isRoot,
            CreatedAt = call.Now,
            Attachment = new Attachment
            {
                InstanceId = instanceId,
                Device = device.Device,
                Time = call.Now,
                DeleteOnTermination = device.DeleteOnTermination,
                State = "attached",
            },
            Tags = new(plan.VolumeTags, StringComparer.Ordinal),
        };
        call.Region.Volumes[volume.Id] = volume;
        return volume;
    }

    private static string Mac(IPAddress address)
        => "02:fe:" + string.Join(':', address.GetAddressBytes().Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
}
