using Amazon;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Pricing;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>Where requests would go, region by region.</summary>
public sealed class EndpointTests
{
    [Theory]
    [InlineData("us-east-2", false, false, "https://ec2.us-east-2.amazonaws.com")]
    [InlineData("ap-northeast-2", false, false, "https://ec2.ap-northeast-2.amazonaws.com")]
    [InlineData("cn-north-1", false, false, "https://ec2.cn-north-1.amazonaws.com.cn")]
    [InlineData("us-east-2", true, false, "https://ec2-fips.us-east-2.amazonaws.com")]
    [InlineData("us-gov-west-1", true, false, "https://ec2.us-gov-west-1.amazonaws.com")]
    [InlineData("us-east-2", false, true, "https://ec2.us-east-2.api.aws")]
    public void A_region_has_its_own_endpoint(string region, bool fips, bool dual, string expected)
    {
        using var ec2 = new AmazonEC2Client(
            "AKID", "secret", new AmazonEC2Config { RegionEndpoint = RegionEndpoint.GetBySystemName(region), UseFIPSEndpoint = fips, UseDualstackEndpoint = dual });

        Assert.Equal(expected, ec2.DetermineServiceOperationEndpoint(new DescribeInstancesRequest()).URL.TrimEnd('/'));
    }

    [Fact]
    public void Pricing_has_a_host_name_of_its_own()
    {
        using var pricing = new AmazonPricingClient("AKID", "secret", RegionEndpoint.USEast1);

        Assert.Equal("https://api.pricing.us-east-1.amazonaws.com", pricing.DetermineServiceOperationEndpoint(new Amazon.Pricing.Model.GetProductsRequest()).URL.TrimEnd('/'));
    }

    [Fact]
    public void An_address_of_ones_own_goes_before_the_region_and_not_together_with_fips()
    {
        var config = new AmazonEC2Config { RegionEndpoint = RegionEndpoint.USEast2, ServiceURL = "http://127.0.0.1:4566" };
        using var ec2 = new AmazonEC2Client("AKID", "secret", config);
        Assert.StartsWith("http://127.0.0.1:4566", ec2.DetermineServiceOperationEndpoint(new DescribeInstancesRequest()).URL);

        using var fips = new AmazonEC2Client("AKID", "secret", new AmazonEC2Config { ServiceURL = "http://127.0.0.1:4566", UseFIPSEndpoint = true });
        Assert.Throws<AmazonClientException>(() => fips.DetermineServiceOperationEndpoint(new DescribeInstancesRequest()));
    }

    [Fact]
    public void The_defaults_are_those_of_AWSs_own_clients()
    {
        var ours = new AmazonEC2Config { RegionEndpoint = RegionEndpoint.USEast2 };
        var theirs = new Amazon.SecurityToken.AmazonSecurityTokenServiceConfig { RegionEndpoint = RegionEndpoint.USEast2 };

        Assert.Equal(theirs.RetryMode, ours.RetryMode);
        Assert.Equal(theirs.MaxErrorRetry, ours.MaxErrorRetry);
        Assert.Equal(theirs.Timeout, ours.Timeout);
        Assert.Equal(theirs.ConnectTimeout, ours.ConnectTimeout);
    }
}
