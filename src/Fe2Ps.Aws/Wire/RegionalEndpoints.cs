using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Util;
using static Amazon.Runtime.Internal.Endpoints.StandardLibrary.Fn;

namespace Fe2Ps.Aws.Wire;

/// <summary>The endpoint of a service, by the rules that AWS's endpoint rule sets share.</summary>
/// <param name="prefix">The host's first part.</param>
/// <param name="isGlobal">Whether the service has one endpoint for a partition (IAM), not one in each region.</param>
internal sealed class RegionalEndpoints(string prefix, bool isGlobal = false) : IEndpointProvider
{
    /// <summary>The region that requests are signed for: a global service's is the same for the whole partition.</summary>
    public string SigningRegion(string region) => !isGlobal ? region : Partition(region)?.name switch
    {
        "aws" => "us-east-1",
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => region,
    };

    /// <summary>What the configuration says of where to go; a service address without a region lends its own.</summary>
    public static EndpointParameters Parameters(IClientConfig config, RegionEndpoint? alternate)
    {
        var region = alternate?.SystemName ?? config.RegionEndpoint?.SystemName;
        var address = config.ServiceURL;
        if (region is null && !string.IsNullOrEmpty(address))
            region = string.IsNullOrEmpty(config.AuthenticationRegion) ? AWSSDKUtils.DetermineRegion(address) : config.AuthenticationRegion;
        return new EndpointParameters
        {
            ["Region"] = region,
            ["UseDualStack"] = config.UseDualstackEndpoint,
            ["UseFIPS"] = config.UseFIPSEndpoint,
            ["Endpoint"] = address,
        };
    }

    /// <summary>The endpoint that a request of this configuration would go to.</summary>
    public static Endpoint Determine(ClientConfig config, ServiceOperationEndpointParameters parameters) =>
        config.EndpointProvider.ResolveEndpoint(Parameters(config, parameters.AlternateEndpoint));

    /// <inheritdoc/>
    public Endpoint ResolveEndpoint(EndpointParameters parameters)
    {
        var fips = parameters["UseFIPS"] is true;
        var dual = parameters["UseDualStack"] is true;
        if (parameters["Endpoint"] is string { Length: > 0 } address)
        {
            if (fips || dual) throw new AmazonClientException("A service address of your own cannot be combined with FIPS or dual-stack endpoints.");
            return new Endpoint(address);
        }

        if (parameters["Region"] is not string { Length: > 0 } region)
            throw new AmazonClientException("No region is set: name one in the client's configuration, in AWS_REGION, or in the profile.");
        var partition = Partition(region) ?? throw new AmazonClientException($"The region '{region}' belongs to no known partition.");
        if (fips && !partition.supportsFIPS) throw new AmazonClientException($"The partition {partition.name} has no FIPS endpoints.");
        if (dual && !partition.supportsDualStack) throw new AmazonClientException($"The partition {partition.name} has no dual-stack endpoints.");
        if (isGlobal && GlobalHost(partition.name, fips, dual) is { } global) return new Endpoint("https://" + global);
        // In GovCloud the plain EC2 host is the FIPS one.
        var host = fips && !(prefix == "ec2" && partition.name == "aws-us-gov" && !dual) ? prefix + "-fips" : prefix;
        return new Endpoint($"https://{host}.{region}.{(dual ? partition.dualStackDnsSuffix : partition.dnsSuffix)}");
    }

    /// <summary>The host of a global service; null where a partition has one in each region. GovCloud's is the FIPS one.</summary>
    /// <remarks>Source: IAM's endpoint rule set.</remarks>
    private string? GlobalHost(string partition, bool fips, bool dual) => (partition, dual) switch
    {
        ("aws", true) => $"{prefix}{(fips ? "-fips" : "")}.global.api.aws",
        ("aws", false) => $"{prefix}{(fips ? "-fips" : "")}.amazonaws.com",
        ("aws-cn", false) when !fips => prefix + ".cn-north-1.amazonaws.com.cn",
        ("aws-us-gov", false) => prefix + ".us-gov.amazonaws.com",
        _ => null,
    };
}
