using System.Net;
using System.Text;
using System.Text.Json;
using Fe2Ps.Sandbox.Metadata;
using Fe2Ps.Sandbox.Tests.Clients;
using Microsoft.AspNetCore.Http;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class RoleTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    private const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";

    private const string Nothing = """{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}""";

    [Fact]
    public async Task A_role_with_policies_or_in_a_profile_stays_until_they_are_gone()
    {
        await IamAsync("CreateRole", "RoleName=keeper", $"AssumeRolePolicyDocument={Trust}", "Tags.member.1.Key=fe2:job", "Tags.member.1.Value=j");
        Assert.Equal("EntityAlreadyExists", await CodeAsync("CreateRole", "RoleName=keeper", $"AssumeRolePolicyDocument={Trust}"));
        Assert.Equal("MalformedPolicyDocument", await CodeAsync("PutRolePolicy", "RoleName=keeper", "PolicyName=p", "PolicyDocument=no"));
        Assert.Equal("MalformedPolicyDocument", await CodeAsync("PutRolePolicy", "RoleName=keeper", "PolicyName=p", $"PolicyDocument={Trust}"));
        await IamAsync("PutRolePolicy", "RoleName=keeper", "PolicyName=p", $"PolicyDocument={Nothing}");
        await IamAsync("CreateInstanceProfile", "InstanceProfileName=keeper");
        await IamAsync("AddRoleToInstanceProfile", "InstanceProfileName=keeper", "RoleName=keeper");
        Assert.Equal("LimitExceeded", await CodeAsync("AddRoleToInstanceProfile", "InstanceProfileName=keeper", "RoleName=keeper"));
        Assert.Equal("DeleteConflict", await CodeAsync("DeleteRole", "RoleName=keeper"));
        await IamAsync("DeleteRolePolicy", "RoleName=keeper", "PolicyName=p");
        Assert.Equal("DeleteConflict", await CodeAsync("DeleteRole", "RoleName=keeper"));
        Assert.Equal("DeleteConflict", await CodeAsync("DeleteInstanceProfile", "InstanceProfileName=keeper"));
        await IamAsync("RemoveRoleFromInstanceProfile", "InstanceProfileName=keeper", "RoleName=keeper");
        await IamAsync("DeleteInstanceProfile", "InstanceProfileName=keeper");
        await IamAsync("DeleteRole", "RoleName=keeper");
        var gone = await Assert.ThrowsAsync<ApiFailure>(() => IamAsync("GetRole", "RoleName=keeper"));
        Assert.Equal((404, "NoSuchEntity"), (gone.Status, gone.Code));
    }

    [Fact]
    public async Task A_service_has_one_linked_role()
    {
        await IamAsync("CreateServiceLinkedRole", "AWSServiceName=autoscaling.amazonaws.com");
        Assert.Equal("InvalidInput", await CodeAsync("CreateServiceLinkedRole", "AWSServiceName=autoscaling.amazonaws.com"));
        var role = await IamAsync("GetRole", "RoleName=AWSServiceRoleForAutoScaling");
        Assert.EndsWith("/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", role.Descendants("Arn").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_gets_its_roles_credentials_and_they_are_taken_everywhere()
    {
        Assert.Equal("InvalidParameterValue", await sandbox.CodeOfAsync(
            "RunInstances", $"ImageId={LocalSandbox.Ami()}", "MinCount=1", "MaxCount=1", "IamInstanceProfile.Name=nobody"));
        await IamAsync("CreateRole", "RoleName=worker", $"AssumeRolePolicyDocument={Trust}");
        await IamAsync("CreateInstanceProfile", "InstanceProfileName=worker");
        var id = (await sandbox.LaunchAsync(1, "IamInstanceProfile.Name=worker"))[0];
        await using var metadata = new MetadataService(sandbox.Cloud);
        Assert.Equal(404, (await AskAsync(metadata, id, "iam/security-credentials/")).Status);
        await IamAsync("AddRoleToInstanceProfile", "InstanceProfileName=worker", "RoleName=worker");
        Assert.Equal((200, "worker"), await AskAsync(metadata, id, "iam/security-credentials/"));
        using var told = JsonDocument.Parse((await AskAsync(metadata, id, "iam/security-credentials/worker")).Text);
        string Told(string name) => told.RootElement.GetProperty(name).GetString()!;

        Assert.Equal(("Success", "AWS-HMAC"), (Told("Code"), Told("Type")));
        var keys = (Told("AccessKeyId"), Told("SecretAccessKey"), Told("Token"));
        var who = await sandbox.QueryAsync("sts", "2011-06-15", keys, "GetCallerIdentity");
        Assert.Equal($"arn:aws:sts::123456789012:assumed-role/worker/{id}", who.Descendants("Arn").Single().Value);
        var wrong = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.QueryAsync("sts", "2011-06-15", keys with { Item3 = "other" }, "GetCallerIdentity"));
        Assert.Equal("InvalidClientTokenId", wrong.Code);
        wrong = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.QueryAsync("sts", "2011-06-15", keys with { Item2 = "other" }, "GetCallerIdentity"));
        Assert.Equal("SignatureDoesNotMatch", wrong.Code);
    }

    [Fact]
    public async Task A_profile_comes_to_a_running_instance_and_leaves_it()
    {
        await IamAsync("CreateInstanceProfile", "InstanceProfileName=later");
        var id = (await sandbox.LaunchAsync())[0];
        await sandbox.CallAsync("AssociateIamInstanceProfile", $"InstanceId={id}", "IamInstanceProfile.Name=later");
        Assert.Equal("IncorrectState", await sandbox.CodeOfAsync("AssociateIamInstanceProfile", $"InstanceId={id}", "IamInstanceProfile.Name=later"));
        var listed = await sandbox.CallAsync("DescribeIamInstanceProfileAssociations", "Filter.1.Name=instance-id", $"Filter.1.Value.1={id}");
        Assert.EndsWith(":instance-profile/later", listed.Descendants("arn").Single().Value, StringComparison.Ordinal);
        var association = listed.Descendants("associationId").Single().Value;
        await sandbox.CallAsync("DisassociateIamInstanceProfile", $"AssociationId={association}");
        Assert.Equal("InvalidAssociationID.NotFound", await sandbox.CodeOfAsync("DisassociateIamInstanceProfile", $"AssociationId={association}"));
        Assert.Null(sandbox.Region.Instances[id].ProfileArn);
    }

    private Task<System.Xml.Linq.XElement> IamAsync(string operation, params string[] parameters) => sandbox.QueryAsync("iam", "2010-05-08", null, operation, parameters);

    private async Task<string> CodeAsync(string operation, params string[] parameters)
        => (await Assert.ThrowsAsync<ApiFailure>(() => IamAsync(operation, parameters))).Code;

    private async Task<(int Status, string Text)> AskAsync(MetadataService service, string instanceId, string path)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(sandbox.Region.Instances[instanceId].PrivateIp!);
        context.Request.Method = "GET";
        context.Request.Path = "/latest/meta-data/" + path;
        var body = new MemoryStream();
        context.Response.Body = body;
        await service.HandleAsync(context);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }
}

/// <summary>Debian's AWS CLI against the services beside EC2.</summary>
public sealed class RoleClientTests(ServedSandbox sandbox) : IClassFixture<ServedSandbox>
{
    [ClientFact]
    public async Task The_AWS_CLI_makes_a_role_reads_its_policy_and_ends_it()
    {
        var trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";
        var rights = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:DescribeInstances","Resource":"*"}]}""";
        var made = await AwsAsync("create-role", "--role-name", "cli", "--assume-role-policy-document", trust);
        Assert.True(made.Code == 0, made.Error);
        Assert.Equal("sts:AssumeRole", (await AwsAsync("get-role", "--role-name", "cli", "--query", "Role.AssumeRolePolicyDocument.Statement[0].Action", "--output", "text")).Output.Trim());
        Assert.Equal(0, (await AwsAsync("put-role-policy", "--role-name", "cli", "--policy-name", "p", "--policy-document", rights)).Code);
        Assert.Contains("(DeleteConflict)", (await AwsAsync("delete-role", "--role-name", "cli")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await AwsAsync("delete-role-policy", "--role-name", "cli", "--policy-name", "p")).Code);
        Assert.Equal(0, (await AwsAsync("delete-role", "--role-name", "cli")).Code);
        Assert.Contains("(NoSuchEntity)", (await AwsAsync("get-role", "--role-name", "cli")).Error, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Error)> AwsAsync(params string[] arguments)
        => sandbox.RunAsync("/usr/bin/aws", ["--endpoint-url", sandbox.Endpoint, "iam", .. arguments]);
}
