using System.Net;
using System.Text;
using Fe2Ps.Sandbox.Metadata;
using Microsoft.AspNetCore.Http;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class MetadataTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public async Task Version_2_wants_a_token_that_is_the_instances_own()
    {
        var ids = await sandbox.LaunchAsync(2, "MetadataOptions.HttpTokens=required");
        await using var service = new MetadataService(sandbox.Cloud);
        Assert.Equal(401, (await AskAsync(service, ids[0], "GET", "meta-data/instance-id")).Status);
        Assert.Equal(400, (await AskAsync(service, ids[0], "PUT", "api/token")).Status);
        Assert.Equal(400, (await AskAsync(service, ids[0], "PUT", "api/token", ("X-aws-ec2-metadata-token-ttl-seconds", "99999"))).Status);
        Assert.Equal(403, (await AskAsync(service, ids[0], "PUT", "api/token", ("X-aws-ec2-metadata-token-ttl-seconds", "60"), ("X-Forwarded-For", "10.0.0.1"))).Status);
        var token = (await AskAsync(service, ids[0], "PUT", "api/token", ("X-aws-ec2-metadata-token-ttl-seconds", "60"))).Text;
        Assert.Equal((200, ids[0]), await AskAsync(service, ids[0], "GET", "meta-data/instance-id", ("X-aws-ec2-metadata-token", token)));
        Assert.Equal(401, (await AskAsync(service, ids[1], "GET", "meta-data/instance-id", ("X-aws-ec2-metadata-token", token))).Status);
    }

    [Fact]
    public async Task The_tree_has_the_usual_leaves_and_lists_itself()
    {
        var userData = Convert.ToBase64String(Encoding.UTF8.GetBytes("#!/bin/sh\necho 안녕\n"));
        var id = (await sandbox.LaunchAsync(
            1, "MetadataOptions.InstanceMetadataTags=enabled", $"UserData={userData}", "InstanceMarketOptions.MarketType=spot", "TagSpecification.1.ResourceType=instance",
            "TagSpecification.1.Tag.1.Key=a/b", "TagSpecification.1.Tag.1.Value=c"))[0];
        await using var service = new MetadataService(sandbox.Cloud);
        Assert.Equal("us-east-2", (await AskAsync(service, id, "GET", "meta-data/placement/region")).Text);
        Assert.Equal("availability-zone\navailability-zone-id\nregion", (await AskAsync(service, id, "GET", "meta-data/placement/")).Text);
        Assert.Equal("a/b", (await AskAsync(service, id, "GET", "meta-data/tags/instance")).Text);
        Assert.Equal("c", (await AskAsync(service, id, "GET", "meta-data/tags/instance/a/b")).Text);
        Assert.Equal("#!/bin/sh\necho 안녕\n", (await AskAsync(service, id, "GET", "user-data")).Text);
        Assert.Contains($"\"instanceId\": \"{id}\"", (await AskAsync(service, id, "GET", "dynamic/instance-identity/document")).Text, StringComparison.Ordinal);
        Assert.Equal(404, (await AskAsync(service, id, "GET", "meta-data/spot/instance-action")).Status);
        await sandbox.FaultAsync(new { kind = "rebalance", instance = id });
        await sandbox.FaultAsync(new { kind = "interrupt", instance = id });
        Assert.Contains("\"action\":\"terminate\"", (await AskAsync(service, id, "GET", "meta-data/spot/instance-action")).Text, StringComparison.Ordinal);
        Assert.Equal(200, (await AskAsync(service, id, "GET", "meta-data/spot/termination-time")).Status);
        Assert.Contains("noticeTime", (await AskAsync(service, id, "GET", "meta-data/events/recommendations/rebalance")).Text, StringComparison.Ordinal);
    }

    private async Task<(int Status, string Text)> AskAsync(
        MetadataService service, string instanceId, string method, string path, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(sandbox.Region.Instances[instanceId].PrivateIp!);
        context.Request.Method = method;
        context.Request.Path = "/latest/" + path;
        foreach (var (name, value) in headers)
            context.Request.Headers[name] = value;
        var body = new MemoryStream();
        context.Response.Body = body;
        await service.HandleAsync(context);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }
}
