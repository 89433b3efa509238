using System.Text.Json;
using System.Xml.Linq;
using Fe2Ps.Sandbox.Iam;
using Fe2Ps.Sandbox.Tests.Services;

namespace Fe2Ps.Sandbox.Tests.Iam;

/// <summary>What an instance's role, and a user with policies, may do.</summary>
public sealed class PolicyTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";

    private int _users;

    [Fact]
    public void Every_operation_has_its_rule()
        => Assert.All(sandbox.Server.Table.Names, name => Assert.True(Rules.Of(name.Service, name.Operation) is not null, $"{name.Service} {name.Operation} has no rule"));

    [Fact]
    public async Task A_role_may_do_what_its_policies_say_now_and_nothing_else()
    {
        await IamAsync("CreateRole", "RoleName=worker", $"AssumeRolePolicyDocument={Trust}");
        await IamAsync("CreateInstanceProfile", "InstanceProfileName=worker");
        await IamAsync("AddRoleToInstanceProfile", "InstanceProfileName=worker", "RoleName=worker");
        var id = (await sandbox.LaunchAsync(1, "IamInstanceProfile.Name=worker"))[0];
        var session = sandbox.Cloud.Sessions.Of(id, sandbox.Cloud.State.Roles["worker"]);
        var keys = (session.AccessKey, session.SecretKey, session.Token);
        Task<XElement> Look() => sandbox.QueryAsync("ec2", "2016-11-15", keys, "DescribeInstances");

        await sandbox.QueryAsync("sts", "2011-06-15", keys, "GetCallerIdentity");
        var refused = await Assert.ThrowsAsync<ApiFailure>(Look);
        Assert.Equal((403, "UnauthorizedOperation"), (refused.Status, refused.Code));
        Assert.Contains($"assumed-role/worker/{id} is not authorized to perform: ec2:DescribeInstances", refused.Message, StringComparison.Ordinal);
        await PutAsync("worker", Allow("ec2:Describe*", "*"));
        await Look();
        await PutAsync("worker", Allow("ec2:Describe*", "*"), """{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-2"}}}""");
        Assert.Contains("explicit deny", (await Assert.ThrowsAsync<ApiFailure>(Look)).Message, StringComparison.Ordinal);
        Assert.Equal("AccessDenied", (await Assert.ThrowsAsync<ApiFailure>(() => sandbox.QueryAsync("iam", "2010-05-08", keys, "GetRole", "RoleName=worker"))).Code);
        await IamAsync("DeleteRolePolicy", "RoleName=worker", "PolicyName=p");
        await IamAsync("AttachRolePolicy", "RoleName=worker", "PolicyArn=arn:aws:iam::aws:policy/AmazonEC2FullAccess");
        Assert.Contains("AmazonEC2FullAccess", (await Assert.ThrowsAsync<ApiFailure>(Look)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_encoded_message_says_which_right_is_missing()
    {
        var keys = await UserAsync(Allow("ec2:RunInstances", "*"));
        var refused = await Assert.ThrowsAsync<ApiFailure>(() => Ec2Async(
            keys, "RunInstances", $"ImageId={LocalSandbox.Ami()}", "MinCount=1", "MaxCount=1", "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=team", "TagSpecification.1.Tag.1.Value=red"));
        var decoded = await sandbox.QueryAsync("sts", "2011-06-15", null, "DecodeAuthorizationMessage", $"EncodedMessage={refused.Message.Split(' ')[^1]}");
        using var message = JsonDocument.Parse(decoded.Descendants("DecodedMessage").Single().Value);
        var context = message.RootElement.GetProperty("context");
        Assert.Equal(("ec2:CreateTags", "arn:aws:ec2:us-east-2:123456789012:instance/*"), (context.GetProperty("action").GetString(), context.GetProperty("resource").GetString()));
        Assert.Contains("aws:RequestTag/team", context.GetProperty("conditions").GetRawText(), StringComparison.Ordinal);
        Assert.Contains("RunInstances", context.GetProperty("conditions").GetRawText(), StringComparison.Ordinal);
    }

    // Each leaves out one of what a launch needs; a right to launch is a right to everything that it touches.
    [Theory]
    [InlineData("instance/*")]
    [InlineData("volume/*")]
    [InlineData("network-interface/*")]
    [InlineData("image/*")]
    [InlineData("subnet/*")]
    [InlineData("security-group/*")]
    [InlineData("key-pair/*")]
    public async Task A_launch_needs_the_right_to_all_that_it_touches(string without)
    {
        var subnet = sandbox.Region.Subnets[0].Id;
        if (sandbox.Region.KeyPairs.Values.All(pair => pair.Name != "k"))
            await sandbox.CallAsync("CreateKeyPair", "KeyName=k");
        string[] launch = [$"ImageId={LocalSandbox.Ami()}", "InstanceType=t3.micro", "KeyName=k", $"SubnetId={subnet}", "MinCount=1", "MaxCount=1"];
        string[] kinds = ["instance/*", "volume/*", "network-interface/*", "image/*", "subnet/*", "security-group/*", "key-pair/*"];
        string Rights(IEnumerable<string> all) => Allow("ec2:RunInstances", [.. all.Select(kind => $"arn:aws:ec2:us-east-2:*:{kind}")]);
        await Ec2Async(await UserAsync(Rights(kinds)), "RunInstances", launch);
        var refused = await Assert.ThrowsAsync<ApiFailure>(async () => await Ec2Async(await UserAsync(Rights(kinds.Where(kind => kind != without))), "RunInstances", launch));
        Assert.Contains($":{without[..^1]}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_there_is_has_its_tags_and_what_is_made_has_those_of_the_request()
    {
        var keys = await UserAsync(
            Allow("ec2:TerminateInstances", ["arn:aws:ec2:*:*:instance/*"], """{"StringEquals":{"ec2:ResourceTag/Team":"red"}}"""),
            Allow("ec2:CreateVolume", ["*"], """{"StringEquals":{"aws:RequestTag/team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}"""),
            Allow("ec2:CreateTags", ["*"], """{"StringEquals":{"ec2:CreateAction":"CreateVolume"}}"""));
        var mine = (await sandbox.LaunchAsync(1, "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=team", "TagSpecification.1.Tag.1.Value=red"))[0];
        var other = (await sandbox.LaunchAsync())[0];
        Assert.Equal("UnauthorizedOperation", await CodeAsync(keys, "TerminateInstances", $"InstanceId.1={mine}", $"InstanceId.2={other}"));
        await Ec2Async(keys, "TerminateInstances", $"InstanceId.1={mine}");
        Assert.Equal("running", sandbox.Region.Instances[other].State.ToString().ToLowerInvariant());

        string[] volume = ["AvailabilityZone=us-east-2a", "Size=1", "TagSpecification.1.ResourceType=volume", "TagSpecification.1.Tag.1.Key=team"];
        await Ec2Async(keys, "CreateVolume", [.. volume, "TagSpecification.1.Tag.1.Value=red"]);
        Assert.Equal("DryRunOperation", await CodeAsync(keys, "CreateVolume", [.. volume, "TagSpecification.1.Tag.1.Value=red", "DryRun=true"]));
        Assert.Equal("UnauthorizedOperation", await CodeAsync(keys, "CreateVolume", [.. volume, "TagSpecification.1.Tag.1.Value=blue", "DryRun=true"]));
        Assert.Equal("UnauthorizedOperation", await CodeAsync(keys, "CreateVolume", volume[..2]));
        Assert.Equal(
            "UnauthorizedOperation",
            await CodeAsync(keys, "CreateVolume", [.. volume, "TagSpecification.1.Tag.1.Value=red", "TagSpecification.1.Tag.2.Key=x", "TagSpecification.1.Tag.2.Value=y"]));
        Assert.Equal("UnauthorizedOperation", await CodeAsync(keys, "CreateTags", $"ResourceId.1={other}", "Tag.1.Key=team", "Tag.1.Value=red"));
    }

    [Fact]
    public async Task A_role_is_passed_only_to_whom_the_policy_names()
    {
        foreach (var name in new[] { "fe2-a", "admin" })
        {
            await IamAsync("CreateRole", $"RoleName={name}", $"AssumeRolePolicyDocument={Trust}");
            await IamAsync("CreateInstanceProfile", $"InstanceProfileName={name}");
        }

        var keys = await UserAsync(
            Allow("ec2:*", "*"), Allow("iam:AddRoleToInstanceProfile", "*"),
            Allow("iam:PassRole", ["arn:aws:iam::*:role/fe2-*"], """{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}"""));
        await sandbox.QueryAsync("iam", "2010-05-08", keys, "AddRoleToInstanceProfile", "InstanceProfileName=fe2-a", "RoleName=fe2-a");
        var refused = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.QueryAsync("iam", "2010-05-08", keys, "AddRoleToInstanceProfile", "InstanceProfileName=admin", "RoleName=admin"));
        Assert.Contains("iam:PassRole on resource: arn:aws:iam::123456789012:role/admin", refused.Message, StringComparison.Ordinal);
        await IamAsync("AddRoleToInstanceProfile", "InstanceProfileName=admin", "RoleName=admin");
        string[] launch = [$"ImageId={LocalSandbox.Ami()}", "MinCount=1", "MaxCount=1"];
        await Ec2Async(keys, "RunInstances", [.. launch, "IamInstanceProfile.Name=fe2-a"]);
        Assert.Equal("UnauthorizedOperation", await CodeAsync(keys, "RunInstances", [.. launch, "IamInstanceProfile.Name=admin"]));

        // A template's role counts as the launch's own.
        await sandbox.CallAsync("CreateLaunchTemplate", "LaunchTemplateName=with-admin", $"LaunchTemplateData.ImageId={LocalSandbox.Ami()}", "LaunchTemplateData.IamInstanceProfile.Name=admin");
        Assert.Equal("UnauthorizedOperation", await CodeAsync(keys, "RunInstances", "LaunchTemplate.LaunchTemplateName=with-admin", "MinCount=1", "MaxCount=1"));
    }

    [Fact]
    public async Task Another_region_is_another_matter()
    {
        var keys = await UserAsync(Allow("ec2:*", ["*"], """{"StringEquals":{"aws:RequestedRegion":"us-east-2"}}"""));
        await Ec2Async(keys, "DescribeInstances");
        var refused = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.QueryInAsync("us-west-2", "ec2", "2016-11-15", keys, "DescribeInstances"));
        Assert.Equal("UnauthorizedOperation", refused.Code);
    }

    [Fact]
    public async Task A_users_policy_with_an_unknown_key_is_refused()
        => Assert.Contains("aws:SourceIp", (await Assert.ThrowsAsync<ApiFailure>(() => UserAsync(Allow("ec2:*", ["*"], """{"StringEquals":{"aws:SourceIp":"1.1.1.1"}}""")))).Message, StringComparison.Ordinal);

    private static string Allow(string action, string resource) => Allow(action, [resource]);

    private static string Allow(string action, string[] resources, string condition = "{}")
        => $$"""{"Effect":"Allow","Action":"{{action}}","Resource":{{JsonSerializer.Serialize(resources)}},"Condition":{{condition}}}""";

    private static string Document(string[] statements) => $$"""{"Version":"2012-10-17","Statement":[{{string.Join(',', statements)}}]}""";

    private async Task<(string Access, string Secret, string Token)> UserAsync(params string[] statements)
    {
        var made = await sandbox.ControlAsync(HttpMethod.Post, "users", new { name = $"user{++_users}", policies = new[] { JsonDocument.Parse(Document(statements)).RootElement } });
        return (made.GetProperty("accessKey").GetString()!, made.GetProperty("secretKey").GetString()!, "");
    }

    private Task<XElement> IamAsync(string operation, params string[] parameters) => sandbox.QueryAsync("iam", "2010-05-08", null, operation, parameters);

    private Task<XElement> PutAsync(string role, params string[] statements) => IamAsync("PutRolePolicy", $"RoleName={role}", "PolicyName=p", $"PolicyDocument={Document(statements)}");

    private Task<XElement> Ec2Async((string, string, string) keys, string operation, params string[] parameters) => sandbox.QueryAsync("ec2", "2016-11-15", keys, operation, parameters);

    private async Task<string> CodeAsync((string, string, string) keys, string operation, params string[] parameters)
        => (await Assert.ThrowsAsync<ApiFailure>(() => Ec2Async(keys, operation, parameters))).Code;
}
