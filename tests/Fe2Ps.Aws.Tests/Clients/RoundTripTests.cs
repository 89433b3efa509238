using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Pricing.Model;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>Clients against a real HTTP service on this machine.</summary>
public sealed class RoundTripTests
{
    private const string Launched =
        """
        <RunInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>req-1</requestId><reservationId>r-1</reservationId>
        <instancesSet><item><instanceId>i-1</instanceId><instanceState><code>0</code><name>pending</name></instanceState></item></instancesSet></RunInstancesResponse>
        """;

    [Fact]
    public async Task A_request_goes_out_signed_and_its_answer_comes_back()
    {
        using var service = new LoopbackService(Answer.Ok(Launched));
        using var ec2 = TestClients.Ec2(service);

        var response = await ec2.RunInstancesAsync(new RunInstancesRequest { ImageId = "ami-1", MinCount = 1, MaxCount = 1 });

        Assert.Equal("i-1", response.Reservation.Instances[0].InstanceId);
        Assert.Equal(InstanceStateName.Pending, response.Reservation.Instances[0].State.Name);
        Assert.Equal("req-1", response.ResponseMetadata.RequestId);
        Assert.Equal(HttpStatusCode.OK, response.HttpStatusCode);
        var seen = Assert.Single(service.Seen);
        Assert.Equal("RunInstances", seen.Fields["Action"]);
        Assert.Equal("2016-11-15", seen.Fields["Version"]);
        Assert.Equal("ami-1", seen.Fields["ImageId"]);
        Assert.StartsWith("application/x-www-form-urlencoded", seen.Headers["Content-Type"]);
        Assert.Contains("/us-east-2/ec2/aws4_request", seen.Headers["Authorization"]);
    }

    [Fact]
    public async Task The_json_services_say_their_operation_in_a_header()
    {
        using var service = new LoopbackService(new Answer(
            200,
            """{"Parameter":{"Name":"/aws/ami","Type":"String","Value":"ami-9","Version":3,"LastModifiedDate":1763812800.5,"New":[1,{"a":2}]}}""",
            "application/x-amz-json-1.1",
            ("x-amzn-RequestId", "req-2")));
        using var ssm = TestClients.Ssm(service);

        var response = await ssm.GetParameterAsync(new GetParameterRequest { Name = "/aws/ami" });

        Assert.Equal("ami-9", response.Parameter.Value);
        Assert.Equal(3, response.Parameter.Version);
        Assert.True(response.Parameter.Type == ParameterType.String);
        Assert.Equal(new DateTime(2025, 11, 22, 12, 0, 0, 500, DateTimeKind.Utc), response.Parameter.LastModifiedDate);
        Assert.Equal("req-2", response.ResponseMetadata.RequestId);
        var seen = Assert.Single(service.Seen);
        Assert.Equal("AmazonSSM.GetParameter", seen.Headers["X-Amz-Target"]);
        Assert.Equal("application/x-amz-json-1.1", seen.Headers["Content-Type"]);
        Assert.Equal("""{"Name":"/aws/ami"}""", seen.Body);
    }

    [Fact]
    public async Task Price_lists_come_back_as_the_texts_they_are()
    {
        using var service = new LoopbackService(new Answer(200, """{"FormatVersion":"aws_v1","PriceList":["{\"product\":{}}"]}""", "application/x-amz-json-1.1"));
        using var pricing = TestClients.Pricing(service);

        var response = await pricing.GetProductsAsync(new GetProductsRequest
        {
            ServiceCode = "AmazonEC2",
            Filters = [new Amazon.Pricing.Model.Filter { Type = Amazon.Pricing.FilterType.TERM_MATCH, Field = "instanceType", Value = "t3.micro" }],
        });

        Assert.Equal("""{"product":{}}""", Assert.Single(response.PriceList));
        Assert.Contains("/us-east-2/pricing/aws4_request", service.Seen[0].Headers["Authorization"]);
    }

    [Fact]
    public async Task An_operation_without_output_answers_with_its_request_id()
    {
        using var service = new LoopbackService(Answer.Ok("<DeleteVolumeResponse><requestId>req-3</requestId><return>true</return></DeleteVolumeResponse>"));
        using var ec2 = TestClients.Ec2(service);

        var response = await ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = "vol-1" });

        Assert.Equal("req-3", response.ResponseMetadata.RequestId);
    }

    [Fact]
    public async Task The_query_protocol_is_read_inside_its_wrapper()
    {
        using var service = new LoopbackService(
            Answer.Ok(
                """
                <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/me</Arn>
                <Account>1</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>req-4</RequestId></ResponseMetadata></GetCallerIdentityResponse>
                """),
            new Answer(403, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>bad key</Message></Error><RequestId>req-5</RequestId></ErrorResponse>"));
        using var sts = new Sts.AmazonSecurityTokenServiceClient("AKID", "secret", new Sts.AmazonSecurityTokenServiceConfig { ServiceURL = service.Url, AuthenticationRegion = "us-east-2" });

        var response = await sts.GetCallerIdentityAsync(new Sts.Model.GetCallerIdentityRequest());
        var error = await Assert.ThrowsAsync<Sts.AmazonSecurityTokenServiceException>(() => sts.GetCallerIdentityAsync(new Sts.Model.GetCallerIdentityRequest()));

        Assert.Equal("arn:aws:iam::1:user/me", response.Arn);
        Assert.Equal("req-4", response.ResponseMetadata.RequestId);
        Assert.Equal(("InvalidClientTokenId", "bad key", "req-5"), (error.ErrorCode, error.Message, error.RequestId));
    }

    [Fact]
    public async Task The_address_may_come_from_the_environment_and_the_region_stays_the_configured_one()
    {
        using var service = new LoopbackService(new Answer(200, "{}", "application/x-amz-json-1.1"));
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_SSM", service.Url);
        try
        {
            using var ssm = new AmazonSimpleSystemsManagementClient("AKID", "secret", Amazon.RegionEndpoint.USEast2);
            await ssm.GetParameterAsync(new GetParameterRequest { Name = "n" });
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_SSM", null);
        }

        Assert.Contains("/us-east-2/ssm/aws4_request", Assert.Single(service.Seen).Headers["Authorization"]);
    }

    [Fact]
    public async Task A_call_can_be_cancelled_while_it_waits()
    {
        using var service = new LoopbackService(Answer.Silence);
        using var ec2 = TestClients.Ec2(service);
        using var cancel = new CancellationTokenSource();

        var call = ec2.DescribeInstancesAsync(cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Pages_are_read_to_the_end_and_the_request_keeps_its_own_token()
    {
        using var service = new LoopbackService((seen, _) => seen.Fields.ContainsKey("NextToken") ? Page("i-2", "") : Page("i-1", "p2"));
        using var ec2 = TestClients.Ec2(service);
        var request = new DescribeInstancesRequest { MaxResults = 5 };

        var found = new List<string>();
        await foreach (var reservation in ec2.Paginators.DescribeInstances(request).Reservations) found.Add(reservation.Instances[0].InstanceId);

        Assert.Equal(["i-1", "i-2"], found);
        Assert.Equal(2, service.Seen.Count);
        Assert.Equal("p2", service.Seen[1].Fields["NextToken"]);
        Assert.Null(request.NextToken);
    }

    [Theory]
    [InlineData("same", "same")]
    [InlineData("one", "two")]
    public async Task A_token_that_comes_again_ends_the_pages_with_an_error(string odd, string even)
    {
        using var service = new LoopbackService((_, number) => Page("i-1", number % 2 == 0 ? even : odd));
        using var ec2 = TestClients.Ec2(service);

        var error = await Assert.ThrowsAsync<AmazonClientException>(async () =>
        {
            await foreach (var _ in ec2.Paginators.DescribeInstances(new DescribeInstancesRequest()).Responses)
                Assert.True(service.Seen.Count < 10);
        });

        Assert.Contains("token", error.Message);
    }

    [Fact]
    public async Task Pages_are_read_once()
    {
        using var service = new LoopbackService(Page("i-1", ""));
        using var ec2 = TestClients.Ec2(service);
        var pages = ec2.Paginators.DescribeInstances(new DescribeInstancesRequest());
        await foreach (var _ in pages.Responses) Assert.Single(service.Seen);

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in pages.Responses) Assert.Fail("read again");
        });
    }

    private static Answer Page(string id, string token) => Answer.Ok(
        $"<R><requestId>r</requestId><reservationSet><item><instancesSet><item><instanceId>{id}</instanceId></item></instancesSet></item></reservationSet><nextToken>{token}</nextToken></R>");
}
