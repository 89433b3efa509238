using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>Error answers become exceptions that say what happened; what may pass by itself is tried again.</summary>
public sealed class ErrorTests
{
    private const string Done = "<R><requestId>r</requestId><return>true</return></R>";

    [Fact]
    public async Task A_refused_request_is_an_exception_with_code_message_and_request_id_after_one_call()
    {
        using var service = new LoopbackService(Answer.Error(400, "InvalidInstanceID.NotFound", "The instance ID 'i-9' does not exist"));
        using var ec2 = TestClients.Ec2(service);

        var error = await Assert.ThrowsAsync<AmazonEC2Exception>(() => ec2.StopInstancesAsync(new StopInstancesRequest { InstanceIds = ["i-9"] }));

        Assert.Equal("InvalidInstanceID.NotFound", error.ErrorCode);
        Assert.Equal("The instance ID 'i-9' does not exist", error.Message);
        Assert.Equal("req-7", error.RequestId);
        Assert.Equal(HttpStatusCode.BadRequest, error.StatusCode);
        Assert.Equal(ErrorType.Sender, error.ErrorType);
        Assert.Null(error.Retryable);
        Assert.Single(service.Seen);
    }

    [Theory]
    [InlineData(503, "RequestLimitExceeded", true)]
    [InlineData(400, "Throttling", true)]
    [InlineData(503, "Unavailable", false)]
    [InlineData(500, "InternalError", false)]
    public async Task A_passing_failure_is_tried_again_and_says_so_when_it_stays(int status, string code, bool throttling)
    {
        using var service = new LoopbackService(Answer.Error(status, code));
        using var ec2 = TestClients.Ec2(service, c => c.MaxErrorRetry = 1);

        var error = await Assert.ThrowsAsync<AmazonEC2Exception>(() => ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = "vol-1" }));

        Assert.Equal(code, error.ErrorCode);
        Assert.Equal(throttling, error.Retryable.Throttling);
        Assert.Equal(2, service.Seen.Count);
    }

    [Fact]
    public async Task A_retry_that_succeeds_carries_the_same_idempotency_token()
    {
        using var service = new LoopbackService(Answer.Error(503, "Unavailable"), Answer.Error(503, "RequestLimitExceeded"), Answer.Ok("<R><requestId>r</requestId></R>"));
        using var ec2 = TestClients.Ec2(service);

        await ec2.RunInstancesAsync(new RunInstancesRequest { MinCount = 1, MaxCount = 1 });

        Assert.Equal(3, service.Seen.Count);
        Assert.Single(service.Seen.Select(s => s.Fields["ClientToken"]).Distinct());
    }

    [Theory]
    [InlineData(RequestRetryMode.Standard)]
    [InlineData(RequestRetryMode.Adaptive)]
    public async Task Retries_can_be_switched_off(RequestRetryMode mode)
    {
        using var service = new LoopbackService(Answer.Error(503, "EC2ThrottledException"));
        using var ec2 = TestClients.Ec2(service, c => (c.MaxErrorRetry, c.RetryMode) = (0, mode));

        var error = await Assert.ThrowsAsync<AmazonEC2Exception>(() => ec2.DescribeRegionsAsync());

        Assert.True(error.Retryable.Throttling);
        Assert.Single(service.Seen);
    }

    [Theory]
    [InlineData("<html><body>Bad gateway<br></body></html>")]
    [InlineData("")]
    [InlineData("<Response><Errors><Error><Co")]
    public async Task An_error_page_that_is_no_answer_is_told_by_its_status(string page)
    {
        using var service = new LoopbackService(new Answer(502, page, "text/html"));
        using var ec2 = TestClients.Ec2(service, c => c.MaxErrorRetry = 0);

        var error = await Assert.ThrowsAsync<AmazonEC2Exception>(() => ec2.DescribeInstancesAsync());

        Assert.Equal(HttpStatusCode.BadGateway, error.StatusCode);
        Assert.Equal("BadGateway", error.ErrorCode);
        Assert.Contains("502", error.Message);
    }

    [Fact]
    public async Task A_dry_run_that_would_have_worked_is_the_error_that_EC2_makes_of_it()
    {
        using var service = new LoopbackService(Answer.Error(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
        using var ec2 = TestClients.Ec2(service);

        var error = await Assert.ThrowsAsync<AmazonEC2Exception>(() => ec2.StartInstancesAsync(new StartInstancesRequest { InstanceIds = ["i-1"], DryRun = true }));

        Assert.Equal("DryRunOperation", error.ErrorCode);
        Assert.Equal("true", service.Seen[0].Fields["DryRun"]);
    }

    [Fact]
    public async Task An_answer_cut_off_in_the_middle_is_an_error()
    {
        using var service = new LoopbackService(Answer.Ok("<DescribeInstancesResponse><reservationSet><item><instancesSet>"));
        using var ec2 = TestClients.Ec2(service, c => c.MaxErrorRetry = 0);

        await Assert.ThrowsAnyAsync<AmazonServiceException>(() => ec2.DescribeInstancesAsync());
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_of_an_answer_is_tried_again()
    {
        var half = new Answer(200, "<R><requestId>r</requestId><reservationSet><item><instancesSet>") { BreaksOff = true };
        using var service = new LoopbackService(half, Answer.Ok("<R><requestId>r</requestId><reservationSet><item><reservationId>r-1</reservationId></item></reservationSet></R>"));
        using var ec2 = TestClients.Ec2(service);

        var response = await ec2.DescribeInstancesAsync();

        Assert.Equal("r-1", Assert.Single(response.Reservations).ReservationId);
        Assert.Equal(2, service.Seen.Count);
    }

    [Fact]
    public async Task A_connection_that_keeps_breaking_is_an_error_in_the_end()
    {
        // AWSSDK.Core counts a connection that the other side has closed apart from other failures.
        using var service = new LoopbackService(new Answer(200, "<R><requestId>r</requestId>") { BreaksOff = true });
        using var ec2 = TestClients.Ec2(service, c => (c.MaxErrorRetry, c.MaxStaleConnectionRetries) = (1, 0));

        await Assert.ThrowsAnyAsync<Exception>(() => ec2.DescribeInstancesAsync());

        Assert.Equal(2, service.Seen.Count);
    }

    [Fact]
    public async Task Json_errors_become_the_exceptions_of_the_model()
    {
        using var service = new LoopbackService(
            new Answer(400, """{"__type":"com.amazonaws.ssm#ParameterNotFound","message":"no such"}""", "application/x-amz-json-1.1", ("x-amzn-RequestId", "req-8")),
            new Answer(400, """{"__type":"AccessDeniedException","Message":"you may not"}""", "application/x-amz-json-1.1"));
        using var ssm = TestClients.Ssm(service);

        var missing = await Assert.ThrowsAsync<ParameterNotFoundException>(() => ssm.GetParameterAsync(new GetParameterRequest { Name = "n" }));
        var denied = await Assert.ThrowsAsync<AmazonSimpleSystemsManagementException>(() => ssm.GetParameterAsync(new GetParameterRequest { Name = "n" }));

        Assert.Equal(("ParameterNotFound", "no such", "req-8"), (missing.ErrorCode, missing.Message, missing.RequestId));
        Assert.Equal(("AccessDeniedException", "you may not"), (denied.ErrorCode, denied.Message));
    }

    [Fact]
    public async Task No_one_at_the_address_is_an_error_after_the_allowed_calls()
    {
        string url;
        using (var gone = new LoopbackService(Answer.Ok(Done))) url = gone.Url;
        using var ec2 = new AmazonEC2Client("AKID", "secret", new AmazonEC2Config { ServiceURL = url, AuthenticationRegion = "us-east-2", MaxErrorRetry = 0 });

        await Assert.ThrowsAnyAsync<Exception>(() => ec2.DescribeInstancesAsync());
    }
}
