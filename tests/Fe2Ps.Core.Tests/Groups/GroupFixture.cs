using Amazon.AutoScaling.Model;
using Amazon.ElasticLoadBalancingV2;
using Amazon.ElasticLoadBalancingV2.Model;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Groups;

/// <summary>The sandbox with real hosts, and a target group <c>tg</c>.</summary>
public sealed class GroupFixture : SandboxFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-groups-");

    internal Fe2Session Session { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    internal string TargetGroupArn { get; private set; } = "";

    internal GroupMaker Maker => new(Session, Connector);

    internal GroupRemoval Removal => new(Session, Connector);

    protected override SandboxOptions Options => new(Program) { Hosts = SandboxHosts.Container, Speed = SandboxSpeed.Fast };

    public override async Task InitializeAsync()
    {
        if (!HostedFactAttribute.IsHere)
            return;
        await base.InitializeAsync();
        Fe2Session session = await Fe2Session.OpenAsync(new SessionOptions("us-east-2", null, EndpointUrl), TestCloud.Here("me", Path.Combine(_folder.FullName, "me")));
        Session = session.WithPace(new PollingPace(TimeSpan.FromMilliseconds(100), 1.2, TimeSpan.FromSeconds(1)));
        Connector = new SshConnector(new SshOptions { Folder = Path.Combine(_folder.FullName, "fe2"), ConfigFile = "/dev/null", SharedIdle = TimeSpan.FromSeconds(30) });
        string vpc = (await Session.Ec2.DescribeVpcsAsync(new Amazon.EC2.Model.DescribeVpcsRequest())).Vpcs.Single().VpcId;
        CreateTargetGroupResponse made = await Session.Balancing.CreateTargetGroupAsync(
            new CreateTargetGroupRequest { Name = "tg", Protocol = ProtocolEnum.HTTP, Port = 80, VpcId = vpc });
        TargetGroupArn = made.TargetGroups.Single().TargetGroupArn;
    }

    public override async Task DisposeAsync()
    {
        if (HostedFactAttribute.IsHere)
        {
            await Connector.DisposeAsync();
            await base.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    internal static GroupRequest Request(string name, int desired, int spot = 0, string? target = null) => new()
    {
        Machine = new LaunchRequest { Name = name },
        InstanceTypes = ["m5.large", "m5a.large"],
        Min = 1,
        Desired = desired,
        Max = 4,
        SpotPercent = spot,
        TargetGroup = target,
        ReadyTimeout = TimeSpan.FromMinutes(3),
    };

    internal async Task<AutoScalingGroup> NowAsync(string name) => Assert.Single((await new GroupQuery(Session).ListAsync([name])).Groups);

    /// <summary>The machines of a group that run.</summary>
    internal async Task<IReadOnlyList<Amazon.EC2.Model.Instance>> MachinesAsync(string name) =>
        (await new InstanceQuery(Session).ListAsync(new InstanceSelector
        {
            States = ["running"],
            Filters = new Dictionary<string, IReadOnlyList<string>> { ["tag:aws:autoscaling:groupName"] = [name] },
        })).Instances;

    /// <summary>Waits until the group is complete without some machine.</summary>
    internal Task ReplacedAsync(string name, string gone) => Until.TrueAsync(
        async () => await NowAsync(name) is var group && GroupFacts.StateOf(group) == "ready" && group.Instances.All(i => i.InstanceId != gone), $"{gone} is replaced", 90);

    /// <summary>The states of the targets, by the instance's id.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> TargetsAsync()
    {
        DescribeTargetHealthResponse answer = await Session.Balancing.DescribeTargetHealthAsync(new DescribeTargetHealthRequest { TargetGroupArn = TargetGroupArn });
        return answer.TargetHealthDescriptions.ToDictionary(t => t.Target.Id, t => t.TargetHealth.State.Value);
    }

    internal async Task<string> OnAsync(Amazon.EC2.Model.Instance machine, string command)
    {
        await using ISshSession ssh = await Connector.OpenAsync(await new InstanceTargets(Session).ForAsync(machine));
        return (await ssh.RunAsync(command)).OutputText.Trim();
    }

    /// <summary>What is left of a group: machines, disks, launch templates, roles.</summary>
    internal async Task<IReadOnlyList<string>> RestAsync(string name)
    {
        var left = new List<string>();
        left.AddRange((await MachinesAsync(name)).Select(m => m.InstanceId));
        left.AddRange((await Session.Ec2.DescribeVolumesAsync(new Amazon.EC2.Model.DescribeVolumesRequest
        {
            Filters = [InstanceQuery.Filter($"tag:{GroupFacts.GroupTag}", [name])],
        })).Volumes.Select(v => v.VolumeId));
        left.AddRange((await Session.Ec2.DescribeLaunchTemplatesAsync(new Amazon.EC2.Model.DescribeLaunchTemplatesRequest())).LaunchTemplates
            .Where(t => t.Tags.Any(tag => tag.Value == name)).Select(t => t.LaunchTemplateId));
        left.AddRange((await new GroupQuery(Session).ListAsync([])).Groups.Where(g => g.AutoScalingGroupName == name).Select(g => g.AutoScalingGroupARN));
        return left;
    }
}
