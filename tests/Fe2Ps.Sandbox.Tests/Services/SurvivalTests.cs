using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class SurvivalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fe2-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task What_was_made_is_there_after_a_restart_and_what_ran_runs_again()
    {
        var store = new StateStore(_folder);
        var first = new LocalSandbox();
        await first.InitializeAsync();
        var ids = await first.LaunchAsync(2, "InstanceMarketOptions.MarketType=spot", "ClientToken=once", "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=Name", "TagSpecification.1.Tag.1.Value=이름");
        var stopped = (await first.LaunchAsync())[0];
        await first.CallAsync("StopInstances", $"InstanceId.1={stopped}");
        await first.StateAsync(stopped, "stopped");
        await first.CallAsync("AuthorizeSecurityGroupIngress", "GroupName=default", "IpProtocol=tcp", "FromPort=22", "ToPort=22", "CidrIp=203.0.113.1/32");
        var before = (await first.CallAsync("DescribeInstances", $"InstanceId.1={ids[0]}")).Descendants("privateIpAddress").First().Value;
        await store.SaveAsync(first.Cloud, CancellationToken.None);
        await first.DisposeAsync();

        var second = new LocalSandbox(new StateStore(_folder).Load());
        await second.InitializeAsync();
        await second.StateAsync(ids[0], "running");
        await second.StateAsync(stopped, "stopped");
        var after = await second.CallAsync("DescribeInstances", "Filter.1.Name=tag:Name", "Filter.1.Value.1=이름");
        Assert.Equal(ids.Order(), after.Descendants("instanceId").Select(element => element.Value).Order());
        Assert.Contains(before, after.Descendants("privateIpAddress").Select(element => element.Value));
        Assert.Contains("203.0.113.1/32", (await second.CallAsync("DescribeSecurityGroups")).Descendants("cidrIp").Select(element => element.Value));
        var again = await second.CallAsync(
            "RunInstances", $"ImageId={LocalSandbox.Ami()}", "InstanceType=t3.micro", "MinCount=2", "MaxCount=2", "InstanceMarketOptions.MarketType=spot",
            "ClientToken=once", "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=Name", "TagSpecification.1.Tag.1.Value=이름");
        Assert.Equal(ids.Order(), again.Descendants("instanceId").Select(element => element.Value).Order());

        // A new instance never gets an address that a sleeping one still has.
        var fresh = await second.LaunchAsync(3);
        Assert.Equal(6, second.Region.Instances.Values.Select(instance => instance.PrivateIp).Distinct().Count());
        Assert.Equal(3, fresh.Count);
        await second.DisposeAsync();
    }

    [Fact]
    public async Task A_file_that_is_no_state_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "state.json"), "{ broken");
        var error = Assert.Throws<InvalidDataException>(() => new StateStore(_folder).Load());
        Assert.Contains("state.json", error.Message, StringComparison.Ordinal);
    }
}
