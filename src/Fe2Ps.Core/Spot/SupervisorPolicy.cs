using System.Text.Json.Nodes;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// What the supervisor on a monitor may do: see machines, launch some that are marked as a job's, tag those, and end
/// those with their spot requests, in one region.
/// It may hand on no role, so nobody gets more rights by it. Sources: "Actions, resources, and condition keys for Amazon EC2" in the service
/// authorization reference; "Grant permission to tag Amazon EC2 resources during creation" in the EC2 user guide.
/// </summary>
internal static class SupervisorPolicy
{
    /// <summary>The policy's name within the role.</summary>
    public const string Name = "fe2-supervisor";

    /// <summary>Who may take the role: EC2's machines.</summary>
    public static string Trust(string region)
    {
        var service = Partition(region) == "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
        return Document(new JsonObject
        {
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["Service"] = service },
            ["Action"] = "sts:AssumeRole",
        });
    }

    /// <summary>The policy for one region.</summary>
    public static string For(string region)
    {
        string Resource(string type) => $"arn:{Partition(region)}:ec2:{region}:{(type is "image" or "snapshot" ? "" : "*")}:{type}/*";
        JsonArray Resources(params string[] types) => [.. types.Select(t => (JsonNode)Resource(t))];
        JsonObject Here() => new() { ["aws:RequestedRegion"] = region };
        JsonObject HereWith(string key, string value) => new() { ["aws:RequestedRegion"] = region, [key] = value };
        return Document(
            Statement("Look", ["ec2:DescribeInstances", "ec2:DescribeSpotInstanceRequests"], ["*"], new() { ["StringEquals"] = Here() }),
            Statement("LaunchForAJob", ["ec2:RunInstances"], Resources("instance", "volume", "spot-instances-request"), new()
            {
                ["StringEquals"] = HereWith("aws:RequestTag/fe2:role", "target"),
                ["Null"] = new JsonObject { ["aws:RequestTag/fe2:job-id"] = "false" },
            }),
            Statement(
                "LaunchWith", ["ec2:RunInstances"], Resources("image", "snapshot", "subnet", "security-group", "network-interface", "key-pair"),
                new() { ["StringEquals"] = Here() }),
            Statement(
                "TagAtLaunch", ["ec2:CreateTags"], Resources("instance", "volume", "spot-instances-request"),
                new() { ["StringEquals"] = HereWith("ec2:CreateAction", "RunInstances") }),
            Statement("TagAJobsMachine", ["ec2:CreateTags"], Resources("instance"), new()
            {
                ["StringEquals"] = HereWith("aws:ResourceTag/fe2:role", "target"),
                ["ForAllValues:StringEquals"] = new JsonObject { ["aws:TagKeys"] = new JsonArray("Name", "fe2:hostkey", "fe2:attempt") },
            }),
            Statement("CancelItsRequest", ["ec2:CancelSpotInstanceRequests"], Resources("spot-instances-request"), new()
            {
                ["StringEquals"] = Here(),
                ["Null"] = new JsonObject { ["aws:ResourceTag/fe2:launch"] = "false" },
            }),
            Statement("EndAJobsMachine", ["ec2:TerminateInstances"], Resources("instance"), new()
            {
                ["StringEquals"] = HereWith("aws:ResourceTag/fe2:role", "target"),
                ["Null"] = new JsonObject { ["aws:ResourceTag/fe2:job-id"] = "false" },
            }));
    }

    private static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn" : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov" : "aws";

    private static JsonObject Statement(string id, JsonArray actions, JsonArray resources, JsonObject condition) => new()
    {
        ["Sid"] = id,
        ["Effect"] = "Allow",
        ["Action"] = actions,
        ["Resource"] = resources,
        ["Condition"] = condition,
    };

    private static string Document(params JsonObject[] statements) =>
        new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString();
}
