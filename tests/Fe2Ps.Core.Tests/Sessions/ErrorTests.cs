using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Sessions;

public sealed class ErrorTests
{
    [Theory]
    [InlineData("auth-failure", "CredentialsRejected")]
    [InlineData("expired", "CredentialsExpired")]
    [InlineData("deny", "Unauthorized")]
    public async Task CredentialsThatDoNotDoAreASecurityErrorWithANextStep(string kind, string id)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind, operation = "DescribeInstances" });
        Fe2Session session = await cloud.SessionAsync();

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceQuery(session).ListAsync(new InstanceSelector()));

        Assert.Equal((id, Fe2ErrorKind.Security), (error.Id, error.Kind));
        Assert.NotEmpty(error.NextStep);
        Assert.DoesNotContain("Encoded authorization", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusalNamesTheMissingPermission()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "deny", operation = "DescribeInstances" });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            async () => await new InstanceQuery(await cloud.SessionAsync()).ListAsync(new InstanceSelector()));

        Assert.Contains("ec2:DescribeInstances", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusalIsToldAsOneWhereItsReasonMayNotBeReadEither()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "deny", operation = "De*" });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            async () => await new InstanceQuery(await cloud.SessionAsync()).ListAsync(new InstanceSelector()));

        Assert.Equal("Unauthorized", error.Id);
        Assert.Contains("DecodeAuthorizationMessage:AccessDenied", await cloud.CallsAsync());
    }

    [Fact]
    public async Task WrongKeysAreRejectedByTheServiceAndToldWithTheirSource()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await Fe2Session.OpenAsync(
            new SessionOptions("ohio", "work", cloud.EndpointUrl), TestCloud.Here("me", cloud.Home));

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceQuery(session).ListAsync(new InstanceSelector()));

        Assert.Equal(("CredentialsRejected", Fe2ErrorKind.Security), (error.Id, error.Kind));
        Assert.Contains("profile work", error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoCredentialsAtAllIsToldBeforeAnyCall()
    {
        DirectoryInfo home = Directory.CreateTempSubdirectory("core-tests-");
        Fe2Session session = await Fe2Session.OpenAsync(new SessionOptions("ohio"), TestCloud.Here("me", home.FullName));

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            () => new InstanceQuery(session).ListAsync(new InstanceSelector()).WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal(("CredentialsMissing", Fe2ErrorKind.Security), (error.Id, error.Kind));
        Assert.Contains("aws configure", error.NextStep, StringComparison.Ordinal);
        home.Delete(recursive: true);
    }

    [Fact]
    public async Task NoNetworkIsToldWithinSeconds()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        // Nobody listens on port 9.
        Fe2Session session = await cloud.SessionAsync(endpoint: "http://127.0.0.1:9");

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            () => new InstanceQuery(session).ListAsync(new InstanceSelector()).WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal(("NoConnection", Fe2ErrorKind.Connection), (error.Id, error.Kind));
        Assert.Contains("Start-Fe2Sandbox", error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrottlingIsPatientAndGrows()
    {
        Assert.InRange(CloudRetryPolicy.DelayBefore(1).TotalMilliseconds, 100, 200);
        Assert.InRange(CloudRetryPolicy.DelayBefore(4).TotalMilliseconds, 800, 1600);
        Assert.InRange(CloudRetryPolicy.DelayBefore(12).TotalMilliseconds, 2500, 5000);
    }
}
