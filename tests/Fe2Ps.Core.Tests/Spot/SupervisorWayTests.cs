using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Core.Tests.Storage;
using Fe2Ps.Tests.Support;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>A monitor that has no private way to its job's machines, as from another VPC.</summary>
public sealed class SupervisorWayTests(HostedJobFixture cloud, ITestOutputHelper output) : IClassFixture<HostedJobFixture>
{
    /// <summary>Ends on its second machine.</summary>
    private const string Script = "echo $FE2_ATTEMPT >> machines; until [ $FE2_ATTEMPT = 2 ]; do sleep 0.2; done";

    [HostedFact]
    public async Task FromAnotherVpcThePublicAddressesLeadToOneMachineAfterTheOther()
    {
        string open = await GroupAsync("way-open", "198.18.0.0/15", "172.31.0.0/16");
        JobMachine monitor = await LaunchAsync("way-monitor", open, spot: false);
        JobMachine target = await LaunchAsync("way-far", open, spot: true);
        Job job = await BeginAsync(target, monitor);
        var reports = new Reports();
        Assert.True(await TheSupervisor().StartAsync(FarFrom(job), reports), string.Join('\n', reports.All.OfType<WarningReport>().Select(r => r.Message)));
        await using var there = await cloud.Connector.OpenAsync(monitor.Ssh);
        Assert.Equal("public\n", (await there.RunAsync($"cat .fe2/jobs/{job.Id}/way")).OutputText);
        await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        await Until.TrueAsync(
            async () => (await there.RunAsync($"ls .fe2/jobs/{job.Id}/plan 2>/dev/null")).OutputText == "", "the job is over, and the supervisor gone", 300);
        output.WriteLine((await there.RunAsync($"cat .fe2/jobs/{job.Id}/supervise.log")).OutputText);
        Assert.Equal("1\n2\n", (await there.RunAsync("cat fastec2/way-far/machines")).OutputText);
        Assert.Equal("finished\n", (await there.RunAsync("head -n 1 fastec2/way-far/.fe2/state")).OutputText);
        Assert.Equal("", (await there.RunAsync($"ls .fe2/jobs/{job.Id} | grep -E '^(way|plan|supervise.(key|line))'; cat .ssh/authorized_keys | grep {job.Id}")).OutputText);
    }

    [HostedFact]
    public async Task WhereNoAddressLeadsThereAWarningNamesThem()
    {
        // This computer is let in; the monitor is not.
        JobMachine monitor = await LaunchAsync("way-monitor2", await GroupAsync("way-open2", "198.18.0.0/15", "172.31.0.0/16"), spot: false);
        JobMachine target = await LaunchAsync("way-shut", await GroupAsync("way-shut", "198.18.0.0/15"), spot: true);
        Job job = await BeginAsync(target, monitor);
        var reports = new Reports();
        Assert.False(await TheSupervisor().StartAsync(FarFrom(job), reports));
        string warning = Assert.Single(reports.All.OfType<WarningReport>()).Message;
        Assert.Contains($"it does not reach {target.Id} at {target.Ssh.Address}: ssh: connect to host", warning);
        Assert.Contains("Wait-Fe2Script way-shut", warning);
        await cloud.Jobs.Control.StopAsync(job, null, default);
    }

    private static Job FarFrom(Job job) => job with { Monitor = job.Monitor! with { VpcId = "vpc-0another" } };

    private async Task<Job> BeginAsync(JobMachine target, JobMachine monitor) => await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Script, target) with
    {
        Monitor = monitor,
        Name = target.Name,
        OnExit = OnExit.Terminate,
        Recovery = await new RecoveryPlan(cloud.Session).OfAsync(target, new RecoveryOptions(), InterruptSignal.USR1),
    });

    private async Task<string> GroupAsync(string name, params string[] sources)
    {
        var like = await new InstanceQuery(cloud.Session).GetAsync("od1");
        var group = (await cloud.Session.Ec2.CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest { GroupName = name, Description = "for a test", VpcId = like.VpcId })).GroupId;
        await cloud.Session.Ec2.AuthorizeSecurityGroupIngressAsync(new AuthorizeSecurityGroupIngressRequest
        {
            GroupId = group,
            IpPermissions =
                [new IpPermission { IpProtocol = "tcp", FromPort = 22, ToPort = 22, Ipv4Ranges = [.. sources.Select(s => new IpRange { CidrIp = s })] }],
        });
        return group;
    }

    private async Task<JobMachine> LaunchAsync(string name, string group, bool spot)
    {
        await new InstanceLauncher(cloud.Session, cloud.Connector).LaunchAsync(new LaunchRequest { Name = name, Spot = spot, SecurityGroupIds = [group] });
        return await cloud.Jobs.MachineAsync(name);
    }

    private Supervisor TheSupervisor() => new(cloud.Session, cloud.Jobs)
    {
        Silence = TimeSpan.FromSeconds(75),
        BetweenTries = TimeSpan.FromSeconds(1),
        RolePatience = TimeSpan.FromSeconds(5),
    };
}
