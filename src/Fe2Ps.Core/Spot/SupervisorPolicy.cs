using System.Text.Json.Nodes;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// What the supervisor on a monitor may do: see machines, launch some that are marked as a job's, tag those, and end
/// those with their spot requests; bring the volumes that are marked as a job's from one of its machines to the next, by snapshots and
/// copies that are marked so too, and remove those; in one region.
/// It may hand on no role, so nobody gets more rights by it, but for those of the machines of jobs that have one: each by a policy of its
/// own (<see cref="HandOn"/>). Sources: "Actions, resources, and condition keys for Amazon EC2" in the service
/// authorization reference; "Grant permission to tag Amazon EC2 resources during creation" in the EC2 user guide.
/// </summary>
internal static class SupervisorPolicy
{
    /// <summary>The policy's name within the role.</summary>
    public const string Name = "fe2-supervisor";

    /// <summary>Set on the volumes of jobs, and on the snapshots that were taken of them on the way.</summary>
    private const string OfAJob = "aws:ResourceTag/fe2:job-volume";

    /// <summary>How the names begin of the policies by which roles are handed on.</summary>
    public const string HandOnPrefix = "fe2-pass-";

    /// <summary>Who may take the role: EC2's machines.</summary>
    public static string Trust(string region) => Document([new JsonObject
    {
        ["Effect"] = "Allow",
        ["Principal"] = new JsonObject { ["Service"] = Ec2(region) },
        ["Action"] = "sts:AssumeRole",
    }]);

    /// <summary>
    /// The right to give one role to machines: that of a job's first machine, which the next ones must have too. Source: "Grant a user
    /// permissions to pass a role to an AWS service" in the IAM user guide.
    /// </summary>
    /// <param name="roleArn">The role.</param>
    /// <param name="region">Any region of its partition.</param>
    public static string HandOn(string roleArn, string region) => Document(
        [Statement("HandOn", ["iam:PassRole"], [roleArn], new() { ["StringEquals"] = new JsonObject { ["iam:PassedToService"] = Ec2(region) } })]);

    private static string Ec2(string region) => Partition(region) == "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";

    /// <summary>The policy for one region.</summary>
    public static string For(string region)
    {
        string Resource(string type) => $"arn:{Partition(region)}:ec2:{region}:{(type is "image" or "snapshot" ? "" : "*")}:{type}/*";
        JsonArray Resources(params string[] types) => [.. types.Select(t => (JsonNode)Resource(t))];
        JsonObject Here() => new() { ["aws:RequestedRegion"] = region };
        JsonObject HereWith(string key, string value) => new() { ["aws:RequestedRegion"] = region, [key] = value };
        return Document([
            Statement("Look", ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeSpotInstanceRequests", "ec2:DescribeVolumes"], ["*"], new() { ["StringEquals"] = Here() }),
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
            }),
            .. Volumes(region)]);
    }

    /// <summary>What brings a job's volumes to its next machine. A snapshot's ARN has an account or none, as the action wants it.</summary>
    private static JsonObject[] Volumes(string region)
    {
        string Resource(string type) => $"arn:{Partition(region)}:ec2:{region}:*:{type}/*";
        JsonArray Resources(params string[] types) => [.. types.Select(t => (JsonNode)Resource(t))];
        JsonObject Marked(string key) => new()
        {
            ["StringEquals"] = new JsonObject { ["aws:RequestedRegion"] = region },
            ["Null"] = new JsonObject { [key] = "false" },
        };
        JsonObject MarkedWithTags(params string[] tags)
        {
            JsonObject condition = Marked(OfAJob);
            // Of no keys at all every one is allowed, and a call that names none takes all tags away.
            condition["Null"]!["aws:TagKeys"] = "false";
            condition["ForAllValues:StringEquals"] = new JsonObject { ["aws:TagKeys"] = new JsonArray([.. tags.Select(t => (JsonNode)t)]) };
            return condition;
        }

        return
        [
            Statement("BringAJobsVolume", ["ec2:AttachVolume", "ec2:DetachVolume"], Resources("volume"), Marked(OfAJob)),
            Statement("ToAJobsMachine", ["ec2:AttachVolume", "ec2:DetachVolume"], Resources("instance"), Marked("aws:ResourceTag/fe2:job-id")),
            Statement("SnapshotOfAJobsVolume", ["ec2:CreateSnapshot"], Resources("volume"), Marked(OfAJob)),
            Statement("SnapshotForAJob", ["ec2:CreateSnapshot"], Resources("snapshot"), Marked("aws:RequestTag/fe2:job-volume")),
            Statement("CopyForAJob", ["ec2:CreateVolume"], Resources("volume"), Marked("aws:RequestTag/fe2:job-volume")),
            Statement("CopyOfAJobsSnapshot", ["ec2:CreateVolume"], Resources("snapshot"), Marked(OfAJob)),
            Statement("TagTheCopies", ["ec2:CreateTags"], Resources("volume", "snapshot"), new JsonObject
            {
                ["StringEquals"] = new JsonObject
                {
                    ["aws:RequestedRegion"] = region,
                    ["ec2:CreateAction"] = new JsonArray("CreateVolume", "CreateSnapshot"),
                },
            }),
            Statement("RemoveWhatIsObsolete", ["ec2:DeleteSnapshot", "ec2:DeleteVolume"], Resources("volume", "snapshot"), Marked(OfAJob)),
            Statement("NameWhatIsKept", ["ec2:CreateTags"], Resources("volume"), MarkedWithTags("Name")),
            Statement("ReleaseWhatIsKept", ["ec2:DeleteTags"], Resources("volume"), MarkedWithTags("fe2:job-volume")),
        ];
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

    private static string Document(IEnumerable<JsonObject> statements) =>
        new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString();
}
