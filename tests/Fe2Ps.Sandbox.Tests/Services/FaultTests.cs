using Fe2Ps.Sandbox.Control;
using Fe2Ps.Sandbox.Tests.Hosts;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class FaultTests : IAsyncLifetime
{
    private readonly LocalSandbox _sandbox = new();

    public Task InitializeAsync() => _sandbox.InitializeAsync();

    public Task DisposeAsync() => _sandbox.DisposeAsync();

    [Theory]
    [InlineData("throttle", "RequestLimitExceeded")]
    [InlineData("error", "InternalError")]
    [InlineData("expired", "RequestExpired")]
    [InlineData("auth-failure", "AuthFailure")]
    [InlineData("deny", "UnauthorizedOperation")]
    public async Task A_fault_strikes_as_often_as_it_was_told_and_only_its_operation(string kind, string code)
    {
        await _sandbox.FaultAsync(new { kind, operation = "Describe*pcs", times = 2 });
        await _sandbox.CallAsync("DescribeRegions");
        Assert.Equal(code, await _sandbox.CodeOfAsync("DescribeVpcs"));
        Assert.Equal(code, await _sandbox.CodeOfAsync("DescribeVpcs"));
        await _sandbox.CallAsync("DescribeVpcs");
        var calls = await _sandbox.ControlAsync(HttpMethod.Get, "calls");
        Assert.Equal(2, calls.EnumerateArray().Count(call => call.TryGetProperty("error", out var error) && error.GetString() == code));
    }

    [Fact]
    public async Task Every_third_call_can_fail()
    {
        await _sandbox.FaultAsync(new { kind = "error", status = 503, every = 3 });
        var codes = new List<string>();
        for (var index = 0; index < 6; index++)
        {
            try
            {
                await _sandbox.CallAsync("DescribeVpcs");
                codes.Add("");
            }
            catch (ApiFailure error)
            {
                codes.Add(error.Code);
            }
        }

        Assert.Equal(["", "", "Unavailable", "", "", "Unavailable"], codes);
    }

    [Theory]
    [InlineData("vcpu-limit", "VcpuLimitExceeded")]
    [InlineData("capacity", "InsufficientInstanceCapacity")]
    public async Task A_launch_meets_limits(string kind, string code)
    {
        await _sandbox.FaultAsync(new { kind, instanceType = "t3.*" });
        Assert.Equal(code, (await Assert.ThrowsAsync<ApiFailure>(() => _sandbox.LaunchAsync())).Code);
        await _sandbox.ControlAsync(HttpMethod.Delete, "faults");
        await _sandbox.LaunchAsync();
    }

    [Fact]
    public async Task Capacity_gone_in_one_zone_leaves_the_others()
    {
        await _sandbox.FaultAsync(new { kind = "capacity", zone = "us-east-2a" });
        Assert.Equal(
            "InsufficientInstanceCapacity", (await Assert.ThrowsAsync<ApiFailure>(() => _sandbox.LaunchAsync(1, "Placement.AvailabilityZone=us-east-2a"))).Code);
        await _sandbox.LaunchAsync(1, "Placement.AvailabilityZone=us-east-2b");
        var id = (await _sandbox.LaunchAsync())[0];
        Assert.Equal("us-east-2b", _sandbox.Region.Instances[id].Zone);
    }

    [Fact]
    public async Task A_new_instance_can_stay_unknown_for_a_while()
    {
        await _sandbox.FaultAsync(new { kind = "late-visibility", seconds = 0.4 });
        var id = (await _sandbox.LaunchAsync())[0];
        Assert.Equal("InvalidInstanceID.NotFound", await _sandbox.CodeOfAsync("DescribeInstances", $"InstanceId.1={id}"));
        await Deadline.UntilAsync(
            async () => (await _sandbox.CallAsync("DescribeInstances")).Descendants("instanceId").Any(element => element.Value == id), "the instance is known");
    }

    [Fact]
    public async Task A_reset_cuts_the_connection()
    {
        await _sandbox.FaultAsync(new { kind = "reset", times = 1 });
        await Assert.ThrowsAsync<HttpRequestException>(() => _sandbox.CallAsync("DescribeVpcs"));
        await _sandbox.CallAsync("DescribeVpcs");
    }

    [Fact]
    public async Task A_lost_answer_leaves_what_was_done()
    {
        await _sandbox.FaultAsync(new { kind = "lost-answer", operation = "RunInstances", times = 1 });
        await Assert.ThrowsAsync<HttpRequestException>(() => _sandbox.LaunchAsync(1, "ClientToken=once"));
        var id = Assert.Single(_sandbox.Region.Instances.Keys);
        Assert.Equal([id], await _sandbox.LaunchAsync(1, "ClientToken=once"));
    }

    [Fact]
    public async Task A_refusal_can_be_decoded()
    {
        await _sandbox.FaultAsync(new { kind = "deny", operation = "DescribeVpcs" });
        var refusal = await Assert.ThrowsAsync<ApiFailure>(() => _sandbox.CallAsync("DescribeVpcs"));
        var encoded = refusal.Message[(refusal.Message.LastIndexOf(' ') + 1)..];
        Assert.Contains("ec2:DescribeVpcs", Fe2Ps.Sandbox.Wire.Authorization.Decode(encoded), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spot_instance_is_interrupted_after_its_notice()
    {
        var id = (await _sandbox.LaunchAsync(1, "InstanceMarketOptions.MarketType=spot"))[0];
        await _sandbox.FaultAsync(new { kind = "rebalance", instance = id });
        await _sandbox.FaultAsync(new { kind = "interrupt", instance = id, seconds = 0.3 });
        Assert.NotNull(_sandbox.Region.Instances[id].RebalanceAt);
        var request = (await _sandbox.CallAsync("DescribeSpotInstanceRequests")).Descendants("status").Single();
        Assert.Equal("marked-for-termination", request.Element("code")!.Value);
        await _sandbox.StateAsync(id, "terminated");
        request = (await _sandbox.CallAsync("DescribeSpotInstanceRequests")).Descendants("spotInstanceRequestSet").Single().Element("item")!;
        Assert.Equal("closed", request.Element("state")!.Value);
        Assert.Equal("instance-terminated-no-capacity", request.Element("status")!.Element("code")!.Value);
    }

    [Fact]
    public async Task A_fault_that_nobody_can_mean_is_refused()
    {
        await Assert.ThrowsAsync<ApiFailure>(() => _sandbox.FaultAsync(new { kind = "earthquake" }));
        await Assert.ThrowsAsync<ApiFailure>(() => _sandbox.FaultAsync(new { kind = "throttle", typo = 1 }));
        await Assert.ThrowsAsync<ApiFailure>(() => _sandbox.FaultAsync(new { kind = "kill", instance = "nobody" }));
    }

    [Fact]
    public void The_command_line_says_the_same_as_the_request()
    {
        var fault = FaultsCommand.Describe("capacity", ["--instance-type", "t3.*", "--times", "2"]);
        Assert.Equal("""{"kind":"capacity","instanceType":"t3.*","times":2}""", fault.ToJsonString());
        Assert.Equal("""{"kind":"kill","instance":"5"}""", FaultsCommand.Describe("kill", ["--instance", "5"]).ToJsonString());
        Assert.Throws<FormatException>(() => FaultsCommand.Describe("capacity", ["--times"]));
    }
}
