using System.Net;
using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Amazon.Runtime;
using Fe2Ps.Aws.Tests.SampleRest;
using Fe2Ps.Aws.Tests.SampleRest.Model;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>The rest-json protocol and global services against a real HTTP service on this machine.</summary>
public sealed class RestTests
{
    [Fact]
    public async Task A_request_has_its_method_path_query_and_body_and_an_answer_its_status_and_headers()
    {
        using var service = new LoopbackService(new Answer(200, """{"text":"back"}""", "application/json", ("x-amzn-RequestId", "req-1"), ("x-tries", "7")));
        using var client = Client(service);

        var response = await client.PutEverythingAsync(new PutEverythingRequest { Id = "a/b c", Part = "한글", Flag = true, Tries = 3, Text = "to" });

        Assert.Equal(("back", 7, 200, "req-1"), (response.Text, response.Tries, response.Status, response.ResponseMetadata.RequestId));
        var seen = Assert.Single(service.Seen);
        Assert.Equal("PATCH /2026/things/a%2Fb%20c/parts/%ED%95%9C%EA%B8%80?flag=true", $"{seen.Method} {seen.Target}");
        Assert.Equal("3", seen.Headers["x-tries"]);
        Assert.StartsWith("{\"text\":\"to\",\"Token\":\"", seen.Body);
    }

    [Fact]
    public async Task A_listing_repeats_a_name_for_each_element_and_has_no_body()
    {
        using var service = new LoopbackService(new Answer(200, "{}", "application/json"));
        using var client = Client(service);

        await client.ListThingsAsync(new ListThingsRequest { Ids = ["one", "two & three"] });

        var seen = Assert.Single(service.Seen);
        Assert.Equal(("GET", "/things?ids=one&ids=two%20%26%20three", ""), (seen.Method, seen.Target, seen.Body));
    }

    [Fact]
    public async Task A_label_without_a_value_is_refused_before_anything_is_sent()
    {
        using var service = new LoopbackService(new Answer(204, ""));
        using var client = Client(service);

        var error = await Assert.ThrowsAsync<AmazonClientException>(() => client.DeleteThingAsync(new DeleteThingRequest { Id = "" }));

        Assert.Contains("'Id'", error.Message);
        Assert.Empty(service.Seen);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteThingAsync(new DeleteThingRequest { Id = "x" })).HttpStatusCode);
    }

    [Theory]
    [InlineData("NotThere:http://internal.amazon.com/", "{\"message\":\"gone\"}")]
    [InlineData(null, "{\"__type\":\"com.example#NotThere\",\"message\":\"gone\"}")]
    [InlineData(null, "{\"code\":\"NotThere\",\"Message\":\"gone\"}")]
    [InlineData(null, "{\"ErrorCode\":\"NotThere\",\"Message\":\"gone\"}")]
    public async Task An_error_is_known_by_its_header_or_by_its_body(string? header, string body)
    {
        using var service = new LoopbackService(new Answer(404, body, "application/json", header is null ? [] : [("x-amzn-ErrorType", header)]));
        using var client = Client(service);

        var error = await Assert.ThrowsAsync<NotThereException>(() => client.DeleteThingAsync(new DeleteThingRequest { Id = "x" }));

        Assert.Equal(("NotThere", "gone", HttpStatusCode.NotFound), (error.ErrorCode, error.Message, error.StatusCode));
    }

    [Theory]
    [InlineData("us-east-2", false, "https://iam.amazonaws.com")]
    [InlineData("ap-northeast-2", false, "https://iam.amazonaws.com")]
    [InlineData("us-east-2", true, "https://iam-fips.amazonaws.com")]
    [InlineData("cn-northwest-1", false, "https://iam.cn-north-1.amazonaws.com.cn")]
    [InlineData("us-gov-east-1", false, "https://iam.us-gov.amazonaws.com")]
    public void A_global_service_has_one_endpoint_for_a_partition(string region, bool fips, string expected)
    {
        using var iam = new AmazonIdentityManagementServiceClient(
            "AKID", "secret", new AmazonIdentityManagementServiceConfig { RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region), UseFIPSEndpoint = fips });

        Assert.Equal(expected, iam.DetermineServiceOperationEndpoint(new GetRoleRequest()).URL.TrimEnd('/'));
    }

    [Fact]
    public async Task A_global_service_is_signed_for_its_partitions_own_region()
    {
        using var service = new LoopbackService(Answer.Ok("<DeleteRoleResponse><ResponseMetadata><RequestId>req-9</RequestId></ResponseMetadata></DeleteRoleResponse>"));
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_IAM", service.Url);
        try
        {
            using var iam = new AmazonIdentityManagementServiceClient("AKID", "secret", Amazon.RegionEndpoint.USEast2);
            var response = await iam.DeleteRoleAsync(new DeleteRoleRequest { RoleName = "r" });
            Assert.Equal("req-9", response.ResponseMetadata.RequestId);
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_IAM", null);
        }

        Assert.Contains("/us-east-1/iam/aws4_request", Assert.Single(service.Seen).Headers["Authorization"]);
    }

    private static AmazonSampleRestClient Client(LoopbackService service) =>
        new("AKID", "secret", new AmazonSampleRestConfig { ServiceURL = service.Url, AuthenticationRegion = "us-east-2" });
}
