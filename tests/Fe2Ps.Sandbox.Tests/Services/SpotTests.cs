using System.Globalization;
using System.Xml.Linq;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Tests.Hosts;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class SpotTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    private static readonly string[] s_persistent =
    [
        "InstanceMarketOptions.MarketType=spot", "InstanceMarketOptions.SpotOptions.SpotInstanceType=persistent",
        "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior=stop",
    ];

    [Fact]
    public async Task Cancelling_a_request_leaves_its_instance_running()
    {
        var id = (await sandbox.LaunchAsync(1, "InstanceMarketOptions.MarketType=spot"))[0];
        var request = sandbox.Region.Instances[id].SpotRequestId!;
        await sandbox.CallAsync("CancelSpotInstanceRequests", $"SpotInstanceRequestId.1={request}");
        Assert.Equal("request-canceled-and-instance-running", sandbox.Region.SpotRequests[request].StatusCode);
        await sandbox.StateAsync(id, "running");
        Assert.Equal("UnsupportedOperation", await sandbox.CodeOfAsync("StopInstances", $"InstanceId.1={id}"));
    }

    [Fact]
    public async Task A_persistent_request_follows_stop_and_start_and_takes_a_stopped_instance_with_it()
    {
        var id = (await sandbox.LaunchAsync(1, s_persistent))[0];
        var request = sandbox.Region.SpotRequests[sandbox.Region.Instances[id].SpotRequestId!];
        await sandbox.CallAsync("StopInstances", $"InstanceId.1={id}");
        await sandbox.StateAsync(id, "stopped");
        Assert.Equal(("disabled", "instance-stopped-by-user"), (request.State, request.StatusCode));
        await sandbox.CallAsync("StartInstances", $"InstanceId.1={id}");
        await sandbox.StateAsync(id, "running");
        Assert.Equal(("active", "fulfilled"), (request.State, request.StatusCode));
        var fault = await sandbox.FaultAsync(new { kind = "capacity", market = "spot" });
        await sandbox.FaultAsync(new { kind = "interrupt", instance = id, seconds = 0 });
        await sandbox.StateAsync(id, "stopped");
        Assert.Equal("instance-stopped-no-capacity", request.StatusCode);
        await sandbox.CallAsync("CancelSpotInstanceRequests", $"SpotInstanceRequestId.1={request.Id}");
        await sandbox.StateAsync(id, "terminated");
        await sandbox.ControlAsync(HttpMethod.Delete, $"faults/{fault.GetProperty("id").GetString()}");
    }

    [Fact]
    public async Task What_an_interruption_stopped_starts_again_when_there_is_room()
    {
        var id = (await sandbox.LaunchAsync(1, s_persistent))[0];
        var request = sandbox.Region.SpotRequests[sandbox.Region.Instances[id].SpotRequestId!];
        var fault = await sandbox.FaultAsync(new { kind = "capacity", market = "spot" });
        await sandbox.FaultAsync(new { kind = "interrupt", instance = id, seconds = 0 });
        await sandbox.StateAsync(id, "stopped");
        await sandbox.ControlAsync(HttpMethod.Delete, $"faults/{fault.GetProperty("id").GetString()}");
        await sandbox.StateAsync(id, "running");
        Assert.Equal(("active", "fulfilled", id), (request.State, request.StatusCode, request.InstanceId));
        await EndAsync(request.Id, id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_persistent_request_replaces_an_instance_that_terminates_until_it_is_cancelled(bool interrupted)
    {
        string[] named = [.. s_persistent, "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=Name", "TagSpecification.1.Tag.1.Value=first"];
        var id = (await sandbox.LaunchAsync(1, named))[0];
        var request = sandbox.Region.SpotRequests[sandbox.Region.Instances[id].SpotRequestId!];
        var fault = await sandbox.FaultAsync(new { kind = "capacity", market = "spot" });
        if (interrupted)
            await sandbox.FaultAsync(new { kind = "interrupt", instance = id, seconds = 0, action = "terminate" });
        else
            await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={id}");
        await sandbox.StateAsync(id, "terminated");
        await Deadline.UntilAsync(() => request.StatusCode == "capacity-not-available", "the request waits for room");
        Assert.Equal("open", request.State);
        await sandbox.ControlAsync(HttpMethod.Delete, $"faults/{fault.GetProperty("id").GetString()}");

        await Deadline.UntilAsync(() => request is { State: "active", InstanceId: not null }, "another instance is launched");
        var next = request.InstanceId!;
        Assert.NotEqual(id, next);
        await sandbox.StateAsync(next, "running");
        var (first, second) = (sandbox.Region.Instances[id], sandbox.Region.Instances[next]);
        Assert.Equal((first.ImageId, first.Type, request.Id), (second.ImageId, second.Type, second.SpotRequestId));
        Assert.Empty(second.Tags);
        await EndAsync(request.Id, next);
        Assert.Equal("cancelled", request.State);
        Assert.DoesNotContain(sandbox.Region.Instances.Values, i => i.SpotRequestId == request.Id && i.IsAlive);
    }

    private async Task EndAsync(string request, string instance)
    {
        await sandbox.CallAsync("CancelSpotInstanceRequests", $"SpotInstanceRequestId.1={request}");
        await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={instance}");
        await sandbox.StateAsync(instance, "terminated");
    }

    [Fact]
    public async Task A_persistent_request_without_capacity_stays_open_until_it_is_cancelled()
    {
        var fault = await sandbox.FaultAsync(new { kind = "capacity", market = "spot", zone = "us-east-2c" });
        Assert.Equal(
            "InsufficientInstanceCapacity",
            (await Assert.ThrowsAsync<ApiFailure>(() => sandbox.LaunchAsync(1, [.. s_persistent, "Placement.AvailabilityZone=us-east-2c"]))).Code);
        var open = (await sandbox.CallAsync("DescribeSpotInstanceRequests", "Filter.1.Name=state", "Filter.1.Value.1=open")).Descendants("spotInstanceRequestId").Single().Value;
        await sandbox.CallAsync("CancelSpotInstanceRequests", $"SpotInstanceRequestId.1={open}");
        Assert.Equal("canceled-before-fulfillment", sandbox.Region.SpotRequests[open].StatusCode);
        await sandbox.ControlAsync(HttpMethod.Delete, $"faults/{fault.GetProperty("id").GetString()}");
    }

    [Fact]
    public async Task The_price_history_holds_90_days_newest_first_and_the_price_before_the_start()
    {
        var prices = (await sandbox.CallAsync("DescribeSpotPriceHistory", "InstanceType.1=m5.large", "AvailabilityZone=us-east-2a")).Descendants("spotPriceHistorySet").Single()
            .Elements("item").Select(item => (Time: DateTimeOffset.Parse(item.Element("timestamp")!.Value, CultureInfo.InvariantCulture), Price: Price(item))).ToList();
        Assert.True(prices.Count is > 90 and < 400, $"{prices.Count}");
        Assert.Equal(prices.OrderByDescending(price => price.Time), prices);
        Assert.True(prices[^1].Time <= DateTimeOffset.UtcNow.AddDays(-90));
        Assert.All(prices, price => Assert.InRange(price.Price, 0.0096, 0.096));
        var now = Assert.Single((await sandbox.CallAsync(
            "DescribeSpotPriceHistory", "InstanceType.1=m5.large", "AvailabilityZone=us-east-2a", $"StartTime={DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss'Z'}"))
            .Descendants("spotPriceHistorySet").Single().Elements("item"));
        Assert.Equal(prices[0].Price, Price(now));
    }

    [Fact]
    public void Every_sandbox_has_the_same_history()
    {
        var type = InstanceTypes.Find("g4dn.xlarge")!;
        var region = Geography.Find("eu-west-1");
        var at = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(Prices.History(type, region, "eu-west-1b", at.AddDays(-3), at), Prices.History(type, region, "eu-west-1b", at.AddDays(-3), at));
        Assert.NotEqual(Prices.Spot(type, region, "eu-west-1a", at), Prices.Spot(type, region, "eu-west-1b", at));
    }

    [Fact]
    public async Task A_fleet_takes_what_there_is_and_names_what_there_is_not()
    {
        await sandbox.CallAsync(
            "CreateLaunchTemplate", "LaunchTemplateName=fleet-template", $"LaunchTemplateData.ImageId={LocalSandbox.Ami()}", "LaunchTemplateData.InstanceType=t3.micro");
        var fault = await sandbox.FaultAsync(new { kind = "capacity", instanceType = "t3.large" });
        var fleet = await sandbox.CallAsync(
            "CreateFleet", "Type=instant", "TargetCapacitySpecification.TotalTargetCapacity=3", "TargetCapacitySpecification.DefaultTargetCapacityType=spot",
            "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=fleet-template", "LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=1",
            "LaunchTemplateConfigs.1.Overrides.1.InstanceType=t3.large", "LaunchTemplateConfigs.1.Overrides.2.InstanceType=m5.large");
        await sandbox.ControlAsync(HttpMethod.Delete, $"faults/{fault.GetProperty("id").GetString()}");
        Assert.Equal(3, fleet.Descendants("instanceIds").Elements("item").Count());
        Assert.Equal("InsufficientInstanceCapacity", fleet.Descendants("errorCode").Single().Value);
    }

    private static double Price(XElement item) => double.Parse(item.Element("spotPrice")!.Value, CultureInfo.InvariantCulture);
}
