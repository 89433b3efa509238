using System.Text.Json;

namespace Fe2Ps.Sandbox.Tests.Clients;

public sealed class ClientTests(ServedSandbox sandbox) : IClassFixture<ServedSandbox>
{
    [ClientFact]
    public async Task Boto3_does_a_whole_days_work()
    {
        var (code, output, error) = await sandbox.RunAsync("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Clients", "boto3_session.py")]);
        Assert.True(code == 0 && output.Trim() == "done", output + error);
    }

    [ClientFact]
    public async Task The_AWS_CLI_launches_waits_queries_and_reads_errors()
    {
        var ami = (await AwsAsync(
            "ssm", "get-parameter", "--name", "/aws/service/canonical/ubuntu/server/22.04/stable/current/arm64/hvm/ebs-gp2/ami-id", "--query", "Parameter.Value", "--output", "text"))
            .Output.Trim();
        var run = await AwsAsync(
            "ec2", "run-instances", "--image-id", ami, "--instance-type", "t4g.small", "--count", "2", "--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value=by cli}]");
        Assert.True(run.Code == 0, run.Error);
        using var launched = JsonDocument.Parse(run.Output);
        var ids = launched.RootElement.GetProperty("Instances").EnumerateArray().Select(instance => instance.GetProperty("InstanceId").GetString()!).ToArray();
        Assert.Equal(0, (await AwsAsync(["ec2", "wait", "instance-running", "--instance-ids", .. ids])).Code);
        var listed = await AwsAsync(
            "ec2", "describe-instances", "--filters", "Name=tag:Name,Values=by*", "--query", "Reservations[].Instances[].[InstanceId,Architecture]", "--output", "text");
        Assert.Equal(2, listed.Output.Split('\n').Count(line => line.EndsWith("arm64", StringComparison.Ordinal)));
        var wrong = await AwsAsync("ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0");
        Assert.Contains("(InvalidInstanceID.NotFound) when calling the DescribeInstances operation", wrong.Error, StringComparison.Ordinal);
    }

    [ClientFact]
    public async Task A_wrong_secret_is_refused()
    {
        var other = new ServedSandbox();
        foreach (var (name, value) in sandbox.Variables)
            other.Variables[name] = value;
        other.Variables["AWS_SECRET_ACCESS_KEY"] = "wrong";
        var (code, _, error) = await other.RunAsync("/usr/bin/aws", ["--endpoint-url", sandbox.Endpoint, "ec2", "describe-vpcs"]);
        Assert.NotEqual(0, code);
        Assert.Contains("AuthFailure", error, StringComparison.Ordinal);
    }

    // Debian's awscli is older than AWS_ENDPOINT_URL.
    private Task<(int Code, string Output, string Error)> AwsAsync(params string[] arguments) => sandbox.RunAsync("/usr/bin/aws", ["--endpoint-url", sandbox.Endpoint, .. arguments]);
}
