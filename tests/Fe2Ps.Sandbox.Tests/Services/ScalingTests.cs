using System.Xml.Linq;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Tests.Clients;
using Fe2Ps.Sandbox.Tests.Hosts;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class ScalingTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public async Task A_group_keeps_its_number_and_goes_with_all_its_instances()
    {
        await TemplateAsync("keeps");
        await ScaleAsync("CreateAutoScalingGroup", "AutoScalingGroupName=keeps", "MinSize=1", "MaxSize=4", "DesiredCapacity=2", "LaunchTemplate.LaunchTemplateName=keeps",
            "AvailabilityZones.member.1=us-east-2a", "AvailabilityZones.member.2=us-east-2b", "Tags.member.1.Key=Name", "Tags.member.1.Value=web", "Tags.member.1.PropagateAtLaunch=true");
        var first = await InServiceAsync("keeps", 2);
        Assert.Equal(["us-east-2a", "us-east-2b"], first.Select(instance => instance.Zone).Order());
        Assert.All(first, instance => Assert.Equal(("web", "keeps"), (instance.Tags["Name"], instance.Tags["aws:autoscaling:groupName"])));

        await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={first[0].Id}");
        await Deadline.UntilAsync(() => Now("keeps").Count == 2 && Now("keeps").All(instance => instance.Id != first[0].Id), "the ended one is replaced");

        Assert.Equal("ValidationError", await CodeAsync("SetDesiredCapacity", "AutoScalingGroupName=keeps", "DesiredCapacity=5"));
        await ScaleAsync("SetDesiredCapacity", "AutoScalingGroupName=keeps", "DesiredCapacity=1");
        var last = await InServiceAsync("keeps", 1);
        Assert.Equal("ValidationError", await CodeAsync("TerminateInstanceInAutoScalingGroup", $"InstanceId={last[0].Id}", "ShouldDecrementDesiredCapacity=true"));
        Assert.Equal("ResourceInUse", await CodeAsync("DeleteAutoScalingGroup", "AutoScalingGroupName=keeps"));
        Assert.NotEmpty((await ScaleAsync("DescribeScalingActivities", "AutoScalingGroupName=keeps")).Descendants("ActivityId"));
        await ScaleAsync("DeleteAutoScalingGroup", "AutoScalingGroupName=keeps", "ForceDelete=true");
        await Deadline.UntilAsync(() => Locked(() => !sandbox.Region.ScalingGroups.ContainsKey("keeps")), "the group is gone");
        Assert.DoesNotContain(sandbox.Region.Instances.Values, instance => instance.IsAlive && instance.Tags.GetValueOrDefault("aws:autoscaling:groupName") == "keeps");
    }

    [Fact]
    public async Task Mixed_instances_are_split_as_the_policy_says_and_a_recommendation_is_followed_before_the_interruption()
    {
        await TemplateAsync("mixed");
        await ScaleAsync("CreateAutoScalingGroup", "AutoScalingGroupName=mixed", "MinSize=0", "MaxSize=4", "DesiredCapacity=4", "CapacityRebalance=true",
            "AvailabilityZones.member.1=us-east-2a",
            "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName=mixed",
            "MixedInstancesPolicy.LaunchTemplate.Overrides.member.1.InstanceType=m5.large", "MixedInstancesPolicy.LaunchTemplate.Overrides.member.2.InstanceType=t3.micro",
            "MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity=1", "MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity=30",
            "MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy=lowest-price");
        var all = await InServiceAsync("mixed", 4);
        Assert.Equal((2, 2), (all.Count(instance => instance.IsSpot), all.Count(instance => !instance.IsSpot)));
        Assert.All(all.Where(instance => instance.IsSpot), instance => Assert.Equal("t3.micro", instance.Type));

        var risky = all.First(instance => instance.IsSpot);
        await sandbox.FaultAsync(new { kind = "rebalance", instance = risky.Id });
        await Deadline.UntilAsync(() => Now("mixed").Count == 4 && Now("mixed").All(instance => instance.Id != risky.Id), "the one at risk is replaced");
        Assert.Equal(2, Now("mixed").Count(instance => instance.IsSpot));
        await ScaleAsync("DeleteAutoScalingGroup", "AutoScalingGroupName=mixed", "ForceDelete=true");
    }

    [Fact]
    public async Task Without_room_the_activities_say_why_and_the_group_goes_on_when_there_is_room()
    {
        await TemplateAsync("full");
        var fault = await sandbox.FaultAsync(new { kind = "capacity", instanceType = "t3.small" });
        await ScaleAsync("CreateAutoScalingGroup", "AutoScalingGroupName=full", "MinSize=1", "MaxSize=1", "AvailabilityZones.member.1=us-east-2a",
            "LaunchTemplate.LaunchTemplateName=full");
        await Deadline.UntilAsync(() => Locked(() => sandbox.Region.ScalingGroups["full"].Activities.Any(activity => activity.Status == "Failed")), "a launch failed");
        Assert.Contains("sufficient t3.small capacity", (await ScaleAsync("DescribeScalingActivities", "AutoScalingGroupName=full")).Descendants("StatusMessage").First().Value, StringComparison.Ordinal);
        await sandbox.ControlAsync(HttpMethod.Delete, $"faults/{fault.GetProperty("id").GetString()}");
        await InServiceAsync("full", 1);
        await ScaleAsync("DeleteAutoScalingGroup", "AutoScalingGroupName=full", "ForceDelete=true");
    }

    [Fact]
    public async Task Members_are_targets_while_they_serve_and_drain_when_they_leave()
    {
        await TemplateAsync("served");
        var made = await BalanceAsync("CreateTargetGroup", "Name=served", "Protocol=HTTP", "Port=80", $"VpcId={sandbox.Region.Vpc.Id}");
        var arn = made.Descendants("TargetGroupArn").Single().Value;
        await ScaleAsync("CreateAutoScalingGroup", "AutoScalingGroupName=served", "MinSize=0", "MaxSize=2", "DesiredCapacity=1", "AvailabilityZones.member.1=us-east-2a",
            "LaunchTemplate.LaunchTemplateName=served", $"TargetGroupARNs.member.1={arn}");
        var one = (await InServiceAsync("served", 1))[0];
        await HealthAsync(arn, one.Id, "healthy");
        await BalanceAsync("DeregisterTargets", $"TargetGroupArn={arn}", $"Targets.member.1.Id={one.Id}");
        await HealthAsync(arn, one.Id, "draining");
        await HealthAsync(arn, one.Id, "unused");
        await BalanceAsync("RegisterTargets", $"TargetGroupArn={arn}", $"Targets.member.1.Id={one.Id}");
        await HealthAsync(arn, one.Id, "healthy");
        await ScaleAsync("DeleteAutoScalingGroup", "AutoScalingGroupName=served", "ForceDelete=true");
        await BalanceAsync("DeleteTargetGroup", $"TargetGroupArn={arn}");
        Assert.Equal("TargetGroupNotFound", (await Assert.ThrowsAsync<ApiFailure>(() => BalanceAsync("DescribeTargetHealth", $"TargetGroupArn={arn}"))).Code);
    }

    [Fact]
    public async Task What_cannot_be_launched_is_refused_when_the_group_is_made()
    {
        Assert.Equal("ValidationError", await CodeAsync("CreateAutoScalingGroup", "AutoScalingGroupName=bad", "MinSize=1", "MaxSize=1", "AvailabilityZones.member.1=us-east-2a"));
        Assert.Equal("ValidationError", await CodeAsync(
            "CreateAutoScalingGroup", "AutoScalingGroupName=bad", "MinSize=1", "MaxSize=1", "AvailabilityZones.member.1=us-east-2a", "LaunchTemplate.LaunchTemplateName=nothing"));
        await TemplateAsync("sizes");
        Assert.Equal("ValidationError", await CodeAsync(
            "CreateAutoScalingGroup", "AutoScalingGroupName=bad", "MinSize=2", "MaxSize=1", "AvailabilityZones.member.1=us-east-2a", "LaunchTemplate.LaunchTemplateName=sizes"));
    }

    private Task TemplateAsync(string name) => sandbox.CallAsync(
        "CreateLaunchTemplate", $"LaunchTemplateName={name}", $"LaunchTemplateData.ImageId={LocalSandbox.Ami()}", "LaunchTemplateData.InstanceType=t3.small");

    private Task<XElement> ScaleAsync(string operation, params string[] parameters) => sandbox.QueryAsync("autoscaling", "2011-01-01", null, operation, parameters);

    private Task<XElement> BalanceAsync(string operation, params string[] parameters) => sandbox.QueryAsync("elasticloadbalancing", "2015-12-01", null, operation, parameters);

    private async Task<string> CodeAsync(string operation, params string[] parameters)
        => (await Assert.ThrowsAsync<ApiFailure>(() => ScaleAsync(operation, parameters))).Code;

    private async Task HealthAsync(string arn, string id, string state)
    {
        for (var end = DateTimeOffset.UtcNow.AddSeconds(20); ; await Task.Yield())
        {
            var health = await BalanceAsync("DescribeTargetHealth", $"TargetGroupArn={arn}", $"Targets.member.1.Id={id}");
            if (health.Descendants("State").Single().Value == state)
                return;
            Assert.True(DateTimeOffset.UtcNow < end, $"{health} is not {state}");
        }
    }

    private List<Instance> Now(string group) => Locked(() => sandbox.Region.ScalingGroups[group].Members
        .Where(member => member.State == "InService").Select(member => sandbox.Region.Instances[member.InstanceId]).ToList());

    private async Task<List<Instance>> InServiceAsync(string group, int count)
    {
        await Deadline.UntilAsync(() => Now(group).Count == count && Locked(() => sandbox.Region.ScalingGroups[group].Members.Count == count), $"{group} has {count} in service");
        return Now(group);
    }

    private T Locked<T>(Func<T> read)
    {
        lock (sandbox.Cloud.Gate)
            return read();
    }
}

/// <summary>Debian's AWS CLI makes a group and asks for its health.</summary>
public sealed class ScalingClientTests(ServedSandbox sandbox) : IClassFixture<ServedSandbox>
{
    [ClientFact]
    public async Task The_AWS_CLI_makes_a_group_of_spot_instances_and_ends_it()
    {
        var template = await AwsAsync("ec2", "create-launch-template", "--launch-template-name", "cli", "--launch-template-data", $"{{\"ImageId\":\"{LocalSandbox.Ami()}\",\"InstanceType\":\"t3.micro\"}}");
        Assert.True(template.Code == 0, template.Error);
        var made = await AwsAsync(
            "autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "cli", "--min-size", "1", "--max-size", "2", "--availability-zones", "us-east-2a", "--mixed-instances-policy",
            """{"LaunchTemplate":{"LaunchTemplateSpecification":{"LaunchTemplateName":"cli"}},"InstancesDistribution":{"OnDemandPercentageAboveBaseCapacity":0}}""");
        Assert.True(made.Code == 0, made.Error);
        var end = DateTimeOffset.UtcNow.AddSeconds(60);
        while ((await AwsAsync("autoscaling", "describe-auto-scaling-groups", "--query", "AutoScalingGroups[0].Instances[0].LifecycleState", "--output", "text")).Output.Trim() != "InService")
            Assert.True(DateTimeOffset.UtcNow < end, "in service");
        var deleted = await AwsAsync("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "cli", "--force-delete");
        Assert.True(deleted.Code == 0, deleted.Error);
        Assert.Contains("(TargetGroupNotFound)", (await AwsAsync("elbv2", "describe-target-groups", "--names", "none")).Error, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Error)> AwsAsync(params string[] arguments) => sandbox.RunAsync("/usr/bin/aws", ["--endpoint-url", sandbox.Endpoint, .. arguments]);
}
