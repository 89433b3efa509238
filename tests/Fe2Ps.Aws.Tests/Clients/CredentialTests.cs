using Amazon;
using Amazon.EC2;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>Credentials come by AWSSDK.Core's own rules. Alone, because the environment is one for the whole process.</summary>
[Collection("alone")]
public sealed class CredentialTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly LoopbackService _service = new(Answer.Ok("<R><requestId>r</requestId></R>"));

    public CredentialTests() => File.WriteAllText(
        _file,
        """
        [work]
        aws_access_key_id = AKWORK
        aws_secret_access_key = s
        aws_session_token = token-of-work
        region = ap-northeast-2
        """);

    public void Dispose()
    {
        _service.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public async Task A_profile_signs_with_its_own_key_and_token()
    {
        using var ec2 = new AmazonEC2Client(new AmazonEC2Config { Profile = new Profile("work", _file), ServiceURL = _service.Url, AuthenticationRegion = "us-east-2" });

        await ec2.DescribeRegionsAsync();

        var headers = _service.Seen[0].Headers;
        Assert.Contains("Credential=AKWORK/", headers["Authorization"]);
        Assert.Equal("token-of-work", headers["X-Amz-Security-Token"]);
    }

    [Fact]
    public async Task The_environment_signs_and_its_address_and_region_are_used()
    {
        string[] names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"];
        string[] values = ["AKENV", "s", _service.Url, "eu-west-1"];
        for (var i = 0; i < names.Length; i++) Environment.SetEnvironmentVariable(names[i], values[i]);
        try
        {
            using var ec2 = new AmazonEC2Client();
            await ec2.DescribeRegionsAsync();
        }
        finally
        {
            foreach (var name in names) Environment.SetEnvironmentVariable(name, null);
        }

        Assert.Contains("Credential=AKENV/", _service.Seen[0].Headers["Authorization"]);
        Assert.Contains("/eu-west-1/ec2/", _service.Seen[0].Headers["Authorization"]);
    }

    [Fact]
    public async Task Nothing_to_sign_with_is_an_error_before_any_call()
    {
        using var ec2 = new AmazonEC2Client(new AmazonEC2Config { ServiceURL = _service.Url, Profile = new Profile("absent", _file) });

        await Assert.ThrowsAnyAsync<AmazonClientException>(() => ec2.DescribeRegionsAsync());

        Assert.Empty(_service.Seen);
    }
}
