using System.Net;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>EFS's file systems and mount targets, as records: no host mounts them.</summary>
internal static class SharedFileSystems
{
    public static void Register(OperationTable table)
    {
        table.Add("efs", "CreateFileSystem", Create);
        table.Add("efs", "DescribeFileSystems", Describe);
        table.Add("efs", "DeleteFileSystem", Delete);
        table.Add("efs", "CreateMountTarget", CreateTarget);
        table.Add("efs", "DescribeMountTargets", DescribeTargets);
        table.Add("efs", "DeleteMountTarget", DeleteTarget);
    }

    private static SharedFileSystem Find(Call call, string id)
        => call.Region.FileSystems.GetValueOrDefault(id) ?? throw new ApiException("FileSystemNotFound", $"File system '{id}' does not exist.", 404);

    private static MountTarget Target(Call call, string id)
        => call.Region.MountTargets.GetValueOrDefault(id) ?? throw new ApiException("MountTargetNotFound", $"Mount target '{id}' does not exist.", 404);

    private static Fields Create(Call call)
    {
        var input = call.Input;
        var token = input.Text("CreationToken");
        if (call.Region.FileSystems.Values.FirstOrDefault(known => known.Settings.Text("CreationToken") == token) is { } existing)
            throw new ApiException("FileSystemAlreadyExists", $"File system '{existing.Id}' already exists with creation token '{token}'", 409);
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        TagRules.Put(tags, input.List("Tags"));
        var made = new SharedFileSystem { Id = Ids.New("fs"), Settings = input, CreatedAt = call.Now, Tags = tags };
        call.Region.FileSystems[made.Id] = made;
        call.Cloud.After(call.Cloud.Pace.Storage, () => made.State = "available");
        return One(call, made);
    }

    private static Fields Describe(Call call)
    {
        var (id, token) = (call.Input.Text("FileSystemId"), call.Input.Text("CreationToken"));
        var systems = id is null ? call.Region.FileSystems.Values.Where(system => token is null || system.Settings.Text("CreationToken") == token) : [Find(call, id)];
        var page = Pages.Cut(systems, call.Paged("MaxItems", "Marker"), system => system.Id, least: 1, most: 100, usual: 100);
        return new Fields { ["Marker"] = call.Input.Text("Marker"), ["FileSystems"] = page.Items.Select(system => One(call, system)), ["NextMarker"] = page.NextToken };
    }

    private static Fields? Delete(Call call)
    {
        var system = Find(call, call.Input.Text("FileSystemId")!);
        if (call.Region.MountTargets.Values.Any(target => target.FileSystemId == system.Id))
            throw new ApiException("FileSystemInUse", "The file system has mount targets.", 409);
        call.Region.FileSystems.Remove(system.Id);
        return null;
    }

    private static Fields CreateTarget(Call call)
    {
        var system = Find(call, call.Input.Text("FileSystemId")!);
        if (system.State != "available")
            throw new ApiException("IncorrectFileSystemLifeCycleState", $"File system '{system.Id}' is in the state '{system.State}', not 'available'.", 409);
        var id = call.Input.Text("SubnetId")!;
        var subnet = call.Region.Subnets.FirstOrDefault(subnet => subnet.Id == id) ?? throw new ApiException("SubnetNotFound", $"The subnet ID '{id}' does not exist");
        if (call.Region.MountTargets.Values.Any(target => target.FileSystemId == system.Id && Place(call, target).Zone == subnet.Zone))
            throw new ApiException("MountTargetConflict", "mount target already exists in this AZ", 409);
        if (call.Input.Strings("SecurityGroups").FirstOrDefault(group => !call.Region.Groups.ContainsKey(group)) is { } missing)
            throw new ApiException("SecurityGroupNotFound", $"The security group '{missing}' does not exist");
        var made = new MountTarget
        {
            Id = Ids.New("fsmt"),
            FileSystemId = system.Id,
            SubnetId = subnet.Id,
            PrivateIp = call.Input.Text("IpAddress") ?? Addresses.Private(call.Cloud, subnet.Cidr).ToString(),
            NetworkInterfaceId = Ids.New("eni"),
            CreatedAt = call.Now,
        };
        call.Region.MountTargets[made.Id] = made;
        call.Cloud.After(call.Cloud.Pace.Storage, () => made.State = "available");
        return One(call, made);
    }

    private static Fields DescribeTargets(Call call)
    {
        var (system, id) = (call.Input.Text("FileSystemId"), call.Input.Text("MountTargetId"));
        if (system is null && id is null)
            throw new ApiException("BadRequest", "Either a file system or a mount target must be named.");
        var targets = id is not null ? [Target(call, id)] : call.Region.MountTargets.Values.Where(target => target.FileSystemId == Find(call, system!).Id);
        var page = Pages.Cut(targets, call.Paged("MaxItems", "Marker"), target => target.Id, least: 1, most: 100, usual: 10);
        return new Fields { ["Marker"] = call.Input.Text("Marker"), ["MountTargets"] = page.Items.Select(target => One(call, target)), ["NextMarker"] = page.NextToken };
    }

    private static Fields? DeleteTarget(Call call)
    {
        var target = Target(call, call.Input.Text("MountTargetId")!);
        call.Cloud.Fabric.ReleaseAddress(IPAddress.Parse(target.PrivateIp));
        call.Region.MountTargets.Remove(target.Id);
        return null;
    }

    private static Subnet Place(Call call, MountTarget target) => call.Region.Subnets.First(subnet => subnet.Id == target.SubnetId);

    private static Fields One(Call call, SharedFileSystem system) => new()
    {
        ["OwnerId"] = call.AccountId,
        ["CreationToken"] = system.Settings.Text("CreationToken"),
        ["FileSystemId"] = system.Id,
        ["FileSystemArn"] = $"arn:aws:elasticfilesystem:{call.Facts.Name}:{call.AccountId}:file-system/{system.Id}",
        ["CreationTime"] = system.CreatedAt,
        ["LifeCycleState"] = system.State,
        ["Name"] = system.Tags.GetValueOrDefault("Name"),
        ["NumberOfMountTargets"] = call.Region.MountTargets.Values.Count(target => target.FileSystemId == system.Id),
        ["SizeInBytes"] = new Fields { ["Value"] = system.Bytes, ["Timestamp"] = call.Now, ["ValueInIA"] = 0L, ["ValueInStandard"] = system.Bytes, ["ValueInArchive"] = 0L },
        ["PerformanceMode"] = system.Settings.Text("PerformanceMode") ?? "generalPurpose",
        ["Encrypted"] = system.Settings.Is("Encrypted"),
        ["ThroughputMode"] = system.Settings.Text("ThroughputMode") ?? "bursting",
        ["Tags"] = TagRules.List(system) ?? [],
    };

    private static Fields One(Call call, MountTarget target)
    {
        var subnet = Place(call, target);
        return new Fields
        {
            ["OwnerId"] = call.AccountId,
            ["MountTargetId"] = target.Id,
            ["FileSystemId"] = target.FileSystemId,
            ["SubnetId"] = target.SubnetId,
            ["LifeCycleState"] = target.State,
            ["IpAddress"] = target.PrivateIp,
            ["NetworkInterfaceId"] = target.NetworkInterfaceId,
            ["AvailabilityZoneId"] = subnet.ZoneId,
            ["AvailabilityZoneName"] = subnet.Zone,
            ["VpcId"] = subnet.VpcId,
        };
    }
}
