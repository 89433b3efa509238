using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Control;

/// <summary>Records without hosts behind them, for benchmarks and for what no operation of the module makes.</summary>
internal sealed record Seed
{
    public string Region { get; init; } = "us-east-2";

    /// <summary>How many running instances to make, 0 to 20,000.</summary>
    public int Instances { get; init; }

    /// <summary>What their names begin with.</summary>
    public string Prefix { get; init; } = "seed-";

    /// <summary>Zones whose subnets give no public address by themselves from now on.</summary>
    public IReadOnlyList<string> ZonesWithoutPublicIp { get; init; } = [];

    /// <summary>How often the spot prices of <see cref="SpotTypes"/> change each day, 1 to 1,000: a long history in little time.</summary>
    public int SpotChangesADay { get; init; }

    /// <summary>The types that <see cref="SpotChangesADay"/> is about.</summary>
    public IReadOnlyList<string> SpotTypes { get; init; } = [];

    /// <summary>Names of target groups to make, for HTTP on port 80.</summary>
    public IReadOnlyList<string> TargetGroups { get; init; } = [];

    /// <summary>Names of file systems to make, whatever has them already: two of a name are possible.</summary>
    public IReadOnlyList<string> FileSystems { get; init; } = [];

    /// <summary>What EFS says that file systems of these names hold, GiB: nothing writes into them here.</summary>
    public IReadOnlyDictionary<string, int> FileSystemSizes { get; init; } = new Dictionary<string, int>();

    public object Sow(Cloud cloud)
    {
        if (SpotChangesADay is < 0 or > 1000)
            throw new ArgumentException("spotChangesADay must be from 1 to 1000.");
        if (Instances is < 0 or > 20_000)
            throw new ArgumentException("instances must be from 0 to 20000.");
        var region = cloud.Region(Region);
        for (var index = 0; index < Instances; index++)
            SowInstance(cloud, region, index);
        foreach (var zone in ZonesWithoutPublicIp)
        {
            var subnet = region.Subnets.FirstOrDefault(subnet => subnet.Zone == zone) ?? throw new ArgumentException($"There is no zone '{zone}' in {Region}.");
            subnet.MapPublicIpOnLaunch = false;
        }

        foreach (var name in TargetGroups.Where(name => region.TargetGroups.Values.All(group => group.Name != name)))
        {
            var settings = new Fields { ["Name"] = name, ["Protocol"] = "HTTP", ["Port"] = 80, ["VpcId"] = region.Vpc.Id };
            var id = $"arn:aws:elasticloadbalancing:{Region}:{cloud.State.AccountId}:targetgroup/{name}/{Ids.New("t")[3..]}";
            region.TargetGroups[id] = new TargetGroup { Id = id, Name = name, Settings = settings, Port = 80, CreatedAt = cloud.Now };
        }

        foreach (var name in FileSystems)
        {
            var id = Ids.New("fs");
            region.FileSystems[id] = new SharedFileSystem
            {
                Id = id,
                Settings = new Fields { ["CreationToken"] = id, ["Encrypted"] = true },
                State = "available",
                CreatedAt = cloud.Now,
                Tags = new(StringComparer.Ordinal) { ["Name"] = name },
            };
        }

        foreach (var system in region.FileSystems.Values)
        {
            if (FileSystemSizes.TryGetValue(system.Tags.GetValueOrDefault("Name") ?? "", out var size))
                system.Bytes = (long)size << 30;
        }

        foreach (var type in SpotTypes)
            region.SpotChangesADay[type] = SpotChangesADay;
        cloud.Changed();
        return new { instances = Instances };
    }

    private void SowInstance(Cloud cloud, RegionState region, int index)
    {
        string[] types = ["t3.micro", "m5.large", "c6i.xlarge", "r5.2xlarge"];
        var type = InstanceTypes.Find(types[index % types.Length])!;
        var subnet = region.Subnets[index % region.Subnets.Count];
        var image = PublicImages.Newest(region.Name, "ubuntu", "24.04", "x86_64")!;
        var id = Ids.New("i");
        var third = region.Subnets.IndexOf(subnet) * 16;
        var volume = new Volume
        {
            Id = Ids.New("vol"),
            Zone = subnet.Zone,
            Size = 8,
            Type = "gp3",
            Iops = 3000,
            Throughput = 125,
            SnapshotId = image.Devices[0].SnapshotId!,
            State = "in-use",
            IsRoot = true,
            CreatedAt = cloud.Now,
            Attachment = new Attachment { InstanceId = id, Device = image.RootDevice, Time = cloud.Now, DeleteOnTermination = true },
        };
        region.Volumes[volume.Id] = volume;
        region.Instances[id] = new Instance
        {
            Id = id,
            ReservationId = Ids.Of("r", $"{region.Name} {cloud.Now.Ticks} {index / 10}"),
            LaunchIndex = index % 10,
            ImageId = image.Id,
            Type = type.Name,
            Architecture = type.Architecture,
            State = index % 10 == 9 ? InstanceState.Stopped : InstanceState.Running,
            CreatedAt = cloud.Now,
            LaunchTime = cloud.Now,
            RunningSince = index % 10 == 9 ? null : cloud.Now,
            SubnetId = subnet.Id,
            VpcId = subnet.VpcId,
            Zone = subnet.Zone,
            PrivateIp = $"172.31.{third + (index / 3 / 250 % 16)}.{(index / 3 % 250) + 4}",
            PublicIp = index % 10 == 9 ? null : $"198.19.{index / 250 % 256}.{(index % 250) + 1}",
            GroupIds = [region.Groups.Values.First().Id],
            RootDevice = image.RootDevice,
            RootVolumeId = volume.Id,
            VolumeIds = [volume.Id],
            NetworkInterfaceId = Ids.New("eni"),
            Mac = $"02:fe:00:{index >> 16 & 255:x2}:{index >> 8 & 255:x2}:{index & 255:x2}",
            HttpTokens = "required",
            HasHost = false,
            ChecksPassed = true,
            Tags = new(StringComparer.Ordinal) { ["Name"] = $"{Prefix}{index + 1}", ["fe2:owner"] = "seed" },
        };
    }
}
