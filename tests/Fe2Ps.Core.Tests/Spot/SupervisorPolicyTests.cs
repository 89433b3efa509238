using System.Net.Http.Json;
using System.Text.Json;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Instance = Amazon.EC2.Model.Instance;
using Tag = Amazon.EC2.Model.Tag;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>What whoever has got hold of a monitor's role may do, as EC2 would see it; that it is enough is shown by the supervisor's own tests.</summary>
public sealed class SupervisorPolicyTests : IAsyncLifetime
{
    private readonly TestCloud _cloud = new();
    private readonly Dictionary<string, AmazonEC2Client> _clients = [];
    private Fe2Session _owner = null!;
    private string _ami = "";
    private BasicAWSCredentials _keys = null!;

    public async Task InitializeAsync()
    {
        await _cloud.InitializeAsync();
        _owner = await _cloud.SessionAsync();
        _ami = (await _owner.Ssm.GetParameterAsync(new GetParameterRequest { Name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" })).Parameter.Value;
        await PutPoliciesAsync(SupervisorPolicy.For("us-east-2"));
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
        await _cloud.DisposeAsync();
    }

    private AmazonEC2Client Monitor => In("us-east-2");

    [Fact]
    public async Task ItEndsAndNamesMachinesOfJobsAlone()
    {
        var (job, half, other) = (
            await OwnersAsync(("fe2:role", "target"), ("fe2:job-id", "job-1")), await OwnersAsync(("fe2:role", "target")), await OwnersAsync(("Name", "od1"), ("fe2:role", "monitor")));
        foreach (var id in new[] { half, other })
        {
            await RefusedAsync(m => m.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [job, id] }));
            await RefusedAsync(m => m.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }));
        }

        await RefusedAsync(m => m.CreateTagsAsync(new CreateTagsRequest { Resources = [other], Tags = [new Tag { Key = "Name", Value = "mine" }] }));
        await RefusedAsync(m => m.CreateTagsAsync(new CreateTagsRequest { Resources = [other], Tags = [new Tag { Key = "fe2:role", Value = "target" }, new Tag { Key = "fe2:job-id", Value = "job-1" }] }));
        await RefusedAsync(m => m.CreateTagsAsync(new CreateTagsRequest { Resources = [job], Tags = [new Tag { Key = "fe2:owner", Value = "somebody" }] }));
        await Monitor.CreateTagsAsync(new CreateTagsRequest { Resources = [job], Tags = [new Tag { Key = "Name", Value = "train" }] });
        await RefusedAsync(m => m.StopInstancesAsync(new StopInstancesRequest { InstanceIds = [job] }));
        await RefusedAsync(m => m.ModifyInstanceAttributeAsync(new ModifyInstanceAttributeRequest { InstanceId = other, DisableApiTermination = true }));
        await Monitor.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [job] });
    }

    [Fact]
    public async Task ItLaunchesOnlyWhatIsMarkedAsAJobs()
    {
        (string, string)[] marks = [("fe2:role", "target"), ("fe2:job-id", "job-1")];
        await RefusedAsync(m => m.RunInstancesAsync(Launch()));
        await RefusedAsync(m => m.RunInstancesAsync(Launch(("instance", marks))));
        await RefusedAsync(m => m.RunInstancesAsync(Launch(("instance", marks), ("volume", marks[..1]))));
        await RefusedAsync(m => m.RunInstancesAsync(Launch(("instance", [("fe2:role", "monitor"), marks[1]]), ("volume", marks))));
        var launched = await Monitor.RunInstancesAsync(Launch(("instance", marks), ("volume", marks)));
        Assert.Single(launched.Reservation.Instances);
        var spot = Launch(("instance", marks), ("volume", marks), ("spot-instances-request", [("Name", "x")]));
        spot.InstanceMarketOptions = new InstanceMarketOptionsRequest { MarketType = MarketType.Spot };
        await RefusedAsync(m => m.RunInstancesAsync(spot));
        spot.TagSpecifications[^1].Tags = spot.TagSpecifications[0].Tags;
        await Monitor.RunInstancesAsync(spot);
    }

    [Fact]
    public async Task ItHandsOnNoRoleAndChangesNone()
    {
        var trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";
        foreach (var name in new[] { "admin", "fe2-monitor-us-east-2" })
        {
            await _owner.Iam.CreateRoleAsync(new CreateRoleRequest { RoleName = name, AssumeRolePolicyDocument = trust });
            await _owner.Iam.CreateInstanceProfileAsync(new CreateInstanceProfileRequest { InstanceProfileName = name });
            await _owner.Iam.AddRoleToInstanceProfileAsync(new AddRoleToInstanceProfileRequest { InstanceProfileName = name, RoleName = name });
            var launch = Launch(("instance", [("fe2:role", "target"), ("fe2:job-id", "j")]), ("volume", [("fe2:role", "target"), ("fe2:job-id", "j")]));
            launch.IamInstanceProfile = new IamInstanceProfileSpecification { Name = name };
            Assert.Contains($"iam:PassRole on resource: arn:aws:iam::123456789012:role/{name}", await RefusedAsync(m => m.RunInstancesAsync(launch)));
            var job = await OwnersAsync(("fe2:role", "target"), ("fe2:job-id", "job-1"));
            await RefusedAsync(m => m.AssociateIamInstanceProfileAsync(new AssociateIamInstanceProfileRequest { InstanceId = job, IamInstanceProfile = launch.IamInstanceProfile }));
            using var iam = new AmazonIdentityManagementServiceClient(_keys, new AmazonIdentityManagementServiceConfig { ServiceURL = _cloud.EndpointUrl, AuthenticationRegion = "us-east-1" });
            var refused = await Assert.ThrowsAsync<AmazonIdentityManagementServiceException>(() => iam.PutRolePolicyAsync(
                new PutRolePolicyRequest { RoleName = name, PolicyName = SupervisorPolicy.Name, PolicyDocument = SupervisorPolicy.For("us-east-2") }));
            Assert.Equal("AccessDenied", refused.ErrorCode);
        }
    }

    [Fact]
    public async Task ARoleThatItMayHandOnIsThatOneAlone()
    {
        var trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";
        foreach (var name in new[] { "jobs", "jobs-admin" })
        {
            await _owner.Iam.CreateRoleAsync(new CreateRoleRequest { RoleName = name, AssumeRolePolicyDocument = trust });
            await _owner.Iam.CreateInstanceProfileAsync(new CreateInstanceProfileRequest { InstanceProfileName = name });
            await _owner.Iam.AddRoleToInstanceProfileAsync(new AddRoleToInstanceProfileRequest { InstanceProfileName = name, RoleName = name });
        }

        await PutPoliciesAsync(SupervisorPolicy.For("us-east-2"), SupervisorPolicy.HandOn("arn:aws:iam::123456789012:role/jobs", "us-east-2"));
        (string, string)[] marks = [("fe2:role", "target"), ("fe2:job-id", "j")];
        var launch = Launch(("instance", marks), ("volume", marks));
        launch.IamInstanceProfile = new IamInstanceProfileSpecification { Name = "jobs" };
        await Monitor.RunInstancesAsync(launch);
        launch.IamInstanceProfile = new IamInstanceProfileSpecification { Name = "jobs-admin" };
        await RefusedAsync(m => m.RunInstancesAsync(launch));
    }

    [Fact]
    public async Task ItTouchesNoVolumeOfAnybodysButAJobsAndNoGroup()
    {
        var volume = (await _owner.Ec2.CreateVolumeAsync(new CreateVolumeRequest { AvailabilityZone = "us-east-2a", Size = 1 })).Volume.VolumeId;
        var job = await OwnersAsync(("fe2:role", "target"), ("fe2:job-id", "job-1"));
        var group = (await _owner.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest())).SecurityGroups[0].GroupId;
        await RefusedAsync(m => m.AttachVolumeAsync(new AttachVolumeRequest { VolumeId = volume, InstanceId = job, Device = "/dev/sdf" }));
        await RefusedAsync(m => m.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = volume }));
        await RefusedAsync(m => m.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = volume }));
        await RefusedAsync(m => m.CreateTagsAsync(new CreateTagsRequest { Resources = [volume], Tags = [new Tag { Key = "Name", Value = "mine" }] }));
        await RefusedAsync(m => m.CreateSnapshotAsync(new CreateSnapshotRequest { VolumeId = volume }));
        await RefusedAsync(m => m.AuthorizeSecurityGroupIngressAsync(new AuthorizeSecurityGroupIngressRequest
        {
            GroupId = group,
            IpPermissions = [new IpPermission { IpProtocol = "tcp", FromPort = 22, ToPort = 22, Ipv4Ranges = [new IpRange { CidrIp = "0.0.0.0/0" }] }],
        }));
    }

    [Fact]
    public async Task ItBringsAJobsVolumesFromOneOfItsMachinesToTheNextAlone()
    {
        (string, string)[] marks = [("fe2:job-volume", "vol-1"), ("fe2:job-id", "job-1")];
        var (job, other) = (await OwnersAsync(("fe2:role", "target"), ("fe2:job-id", "job-1")), await OwnersAsync(("Name", "od1")));
        var zone = (await _owner.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [job] })).Reservations[0].Instances[0].Placement.AvailabilityZone;
        var (own, somebodys) = (await VolumeAsync(_owner.Ec2, zone, null, marks), await VolumeAsync(_owner.Ec2, zone, null));
        await RefusedAsync(m => m.AttachVolumeAsync(new AttachVolumeRequest { VolumeId = own, InstanceId = other, Device = "/dev/sdf" }));
        await RefusedAsync(m => m.AttachVolumeAsync(new AttachVolumeRequest { VolumeId = somebodys, InstanceId = job, Device = "/dev/sdf" }));
        await Fe2Ps.Tests.Support.Until.TrueAsync(
            async () => (await _owner.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest { VolumeIds = [own, somebodys] })).Volumes.TrueForAll(v => v.State == VolumeState.Available),
            "they are made");
        await Monitor.AttachVolumeAsync(new AttachVolumeRequest { VolumeId = own, InstanceId = job, Device = "/dev/sdf" });
        await Monitor.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = own });

        await RefusedAsync(m => m.CreateSnapshotAsync(new CreateSnapshotRequest { VolumeId = own }));
        await RefusedAsync(m => m.CreateSnapshotAsync(new CreateSnapshotRequest { VolumeId = somebodys, TagSpecifications = [Tags("snapshot", marks)] }));
        var copy = (await Monitor.CreateSnapshotAsync(new CreateSnapshotRequest { VolumeId = own, TagSpecifications = [Tags("snapshot", marks)] })).Snapshot.SnapshotId;
        var theirs = (await _owner.Ec2.CreateSnapshotAsync(new CreateSnapshotRequest { VolumeId = somebodys })).Snapshot.SnapshotId;
        await Fe2Ps.Tests.Support.Until.TrueAsync(
            async () => (await _owner.Ec2.DescribeSnapshotsAsync(new DescribeSnapshotsRequest { SnapshotIds = [copy, theirs] })).Snapshots.TrueForAll(s => s.State == SnapshotState.Completed),
            "they are taken");
        await RefusedAsync(m => VolumeAsync(m, zone, copy));
        await RefusedAsync(m => VolumeAsync(m, zone, theirs, marks));
        var next = await VolumeAsync(Monitor, zone, copy, marks);

        await RefusedAsync(m => m.CreateTagsAsync(new CreateTagsRequest { Resources = [next], Tags = [new Tag { Key = "fe2:job-volume", Value = "vol-2" }] }));
        await RefusedAsync(m => m.DeleteTagsAsync(new DeleteTagsRequest { Resources = [next], Tags = [new Tag { Key = "fe2:job-id" }] }));
        // Without a key it would be all of them.
        await RefusedAsync(m => m.DeleteTagsAsync(new DeleteTagsRequest { Resources = [next] }));
        await Monitor.CreateTagsAsync(new CreateTagsRequest { Resources = [next], Tags = [new Tag { Key = "Name", Value = "data" }] });
        await RefusedAsync(m => m.DeleteSnapshotAsync(new DeleteSnapshotRequest { SnapshotId = theirs }));
        await Monitor.DeleteSnapshotAsync(new DeleteSnapshotRequest { SnapshotId = copy });
        await Monitor.DeleteTagsAsync(new DeleteTagsRequest { Resources = [next], Tags = [new Tag { Key = "fe2:job-volume" }] });
        await RefusedAsync(m => m.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = next }));
    }

    private static TagSpecification Tags(string kind, (string Key, string Value)[] tags) =>
        new() { ResourceType = kind, Tags = [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })] };

    private static async Task<string> VolumeAsync(IAmazonEC2 client, string zone, string? snapshot, params (string, string)[] tags) =>
        (await client.CreateVolumeAsync(new CreateVolumeRequest
        {
            AvailabilityZone = zone,
            Size = 1,
            SnapshotId = snapshot,
            TagSpecifications = tags.Length == 0 ? null : [Tags("volume", tags)],
        })).Volume.VolumeId;

    [Fact]
    public async Task ItActsInNoOtherRegion()
    {
        await Monitor.DescribeInstancesAsync(new DescribeInstancesRequest());
        (string, string)[] marks = [("fe2:role", "target"), ("fe2:job-id", "job-1")];
        var launch = Launch(("instance", marks), ("volume", marks));
        await RefusedAsync(m => m.DescribeInstancesAsync(new DescribeInstancesRequest()), "us-west-2");
        await RefusedAsync(m => m.RunInstancesAsync(launch), "us-west-2");
        await RefusedAsync(m => m.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = ["i-0123456789abcdef0"] }), "us-west-2");
    }

    private async Task PutPoliciesAsync(params string[] policies)
    {
        using var client = new HttpClient();
        using var answer = await client.PostAsJsonAsync(
            _cloud.EndpointUrl + "/_sandbox/users", new { name = "monitor", policies = policies.Select(p => JsonDocument.Parse(p).RootElement) });
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        _keys = new BasicAWSCredentials(made.GetProperty("accessKey").GetString(), made.GetProperty("secretKey").GetString());
    }

    private RunInstancesRequest Launch(params (string Kind, (string Key, string Value)[] Tags)[] tags) => new()
    {
        ImageId = _ami,
        InstanceType = InstanceType.T3Micro,
        MinCount = 1,
        MaxCount = 1,
        TagSpecifications = [.. tags.Select(t => new TagSpecification { ResourceType = t.Kind, Tags = [.. t.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })] })],
    };

    private async Task<string> OwnersAsync(params (string Key, string Value)[] tags)
    {
        Instance made = (await _owner.Ec2.RunInstancesAsync(Launch(("instance", tags)))).Reservation.Instances[0];
        await Fe2Ps.Tests.Support.Until.TrueAsync(
            async () => (await _owner.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [made.InstanceId] })).Reservations[0].Instances[0].State.Name == InstanceStateName.Running,
            "it runs");
        return made.InstanceId;
    }

    private async Task<string> RefusedAsync(Func<IAmazonEC2, Task> call, string region = "us-east-2")
    {
        var refused = await Assert.ThrowsAsync<AmazonEC2Exception>(() => call(In(region)));
        Assert.Equal("UnauthorizedOperation", refused.ErrorCode);
        return refused.Message;
    }

    private AmazonEC2Client In(string region)
    {
        if (!_clients.TryGetValue(region, out var client))
            _clients[region] = client = new AmazonEC2Client(_keys, new AmazonEC2Config { ServiceURL = _cloud.EndpointUrl, AuthenticationRegion = region });
        return client;
    }
}
