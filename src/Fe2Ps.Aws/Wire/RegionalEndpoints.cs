using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Util;
using static Amazon.Runtime.Internal.Endpoints.StandardLibrary.Fn;

namespace Fe2Ps.Aws.Wire;

/// <summary>The endpoint of a service that has one in each region, by the rules that AWS's endpoint rule sets share.</summary>
internal sealed class RegionalEndpoints(string prefix) : IEndpointProvider
{
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
        // In GovCloud the plain EC2 host is the FIPS one.
        var host = fips && !(prefix == "ec2" && partition.name == "aws-us-gov" && !dual) ? prefix + "-fips" : prefix;
        return new Endpoint($"https://{host}.{region}.{(dual ? partition.dualStackDnsSuffix : partition.dnsSuffix)}");
    }
}
