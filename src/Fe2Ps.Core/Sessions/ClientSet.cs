using System.Collections.Concurrent;
using Amazon;
using Amazon.AutoScaling;
using Amazon.DLM;
using Amazon.EC2;
using Amazon.ElasticFileSystem;
using Amazon.ElasticLoadBalancingV2;
using Amazon.IdentityManagement;
using Amazon.Pricing;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.SecurityToken;
using Amazon.SimpleSystemsManagement;

namespace Fe2Ps.Core.Sessions;

/// <summary>What decides which clients can be shared.</summary>
/// <param name="Endpoint">One endpoint for all services, or null.</param>
/// <param name="ServiceEndpoints">Endpoints of single services, <c>EC2=...;SSM=...</c>, or an empty text.</param>
/// <param name="UsesSandboxCredentials">True where a local endpoint is used without any credentials of the user's.</param>
internal sealed record ClientKey(
    string Region, string? ProfileName, string? Endpoint, string ServiceEndpoints, bool UsesSandboxCredentials);

/// <summary>The service clients for one key, each made when first used and shared by every session of this process.</summary>
internal sealed class ClientSet
{
    private static readonly ConcurrentDictionary<ClientKey, ClientSet> Shared = new();
    private readonly ClientKey key;
    private readonly Lazy<IAmazonEC2> ec2;
    private readonly Lazy<IAmazonSimpleSystemsManagement> ssm;
    private readonly Lazy<IAmazonPricing> pricing;
    private readonly Lazy<IAmazonSecurityTokenService> sts;
    private readonly Lazy<IAmazonAutoScaling> scaling;
    private readonly Lazy<IAmazonElasticLoadBalancingV2> balancing;
    private readonly Lazy<IAmazonIdentityManagementService> iam;
    private readonly Lazy<IAmazonDLM> backups;
    private readonly Lazy<IAmazonElasticFileSystem> fileSystems;

    static ClientSet()
    {
        // Lists are never null for those who read them in a pipeline.
        AWSConfigs.InitializeCollections = true;
        RuntimePipelineCustomizerRegistry.Instance.Register(new RetryCustomizer());
    }

    /// <param name="key">Region, profile and endpoints.</param>
    /// <param name="credentials">Fixed credentials, or null for AWS's own search.</param>
    internal ClientSet(ClientKey key, AWSCredentials? credentials = null)
    {
        this.key = key;
        AWSCredentials? fixedCredentials = credentials
            ?? (key.UsesSandboxCredentials ? new BasicAWSCredentials("AKIAFE2SANDBOX000000", "fe2sandbox/not/a/secret/opens/only/this/0") : null);
        ec2 = new(() => Make<AmazonEC2Config, IAmazonEC2>(
            "EC2", fixedCredentials, c => new AmazonEC2Client(c), (k, c) => new AmazonEC2Client(k, c)));
        ssm = new(() => Make<AmazonSimpleSystemsManagementConfig, IAmazonSimpleSystemsManagement>(
            "SSM", fixedCredentials, c => new AmazonSimpleSystemsManagementClient(c), (k, c) => new AmazonSimpleSystemsManagementClient(k, c)));
        pricing = new(() => Make<AmazonPricingConfig, IAmazonPricing>(
            "PRICING", fixedCredentials, c => new AmazonPricingClient(c), (k, c) => new AmazonPricingClient(k, c), PricingRegion(key.Region)));
        sts = new(() => Make<AmazonSecurityTokenServiceConfig, IAmazonSecurityTokenService>(
            "STS", fixedCredentials, c => new AmazonSecurityTokenServiceClient(c), (k, c) => new AmazonSecurityTokenServiceClient(k, c)));
        scaling = new(() => Make<AmazonAutoScalingConfig, IAmazonAutoScaling>(
            "AUTO_SCALING", fixedCredentials, c => new AmazonAutoScalingClient(c), (k, c) => new AmazonAutoScalingClient(k, c)));
        balancing = new(() => Make<AmazonElasticLoadBalancingV2Config, IAmazonElasticLoadBalancingV2>(
            "ELASTIC_LOAD_BALANCING_V2", fixedCredentials, c => new AmazonElasticLoadBalancingV2Client(c), (k, c) => new AmazonElasticLoadBalancingV2Client(k, c)));
        iam = new(() => Make<AmazonIdentityManagementServiceConfig, IAmazonIdentityManagementService>(
            "IAM", fixedCredentials, c => new AmazonIdentityManagementServiceClient(c), (k, c) => new AmazonIdentityManagementServiceClient(k, c)));
        backups = new(() => Make<AmazonDLMConfig, IAmazonDLM>(
            "DLM", fixedCredentials, c => new AmazonDLMClient(c), (k, c) => new AmazonDLMClient(k, c)));
        fileSystems = new(() => Make<AmazonElasticFileSystemConfig, IAmazonElasticFileSystem>(
            "EFS", fixedCredentials, c => new AmazonElasticFileSystemClient(c), (k, c) => new AmazonElasticFileSystemClient(k, c)));
    }

    public IAmazonEC2 Ec2 => ec2.Value;

    public IAmazonSimpleSystemsManagement Ssm => ssm.Value;

    public IAmazonPricing Pricing => pricing.Value;

    public IAmazonSecurityTokenService Sts => sts.Value;

    public IAmazonAutoScaling Scaling => scaling.Value;

    public IAmazonElasticLoadBalancingV2 Balancing => balancing.Value;

    public IAmazonIdentityManagementService Iam => iam.Value;

    public IAmazonDLM Backups => backups.Value;

    public IAmazonElasticFileSystem FileSystems => fileSystems.Value;

    public static ClientSet For(ClientKey key) => Shared.GetOrAdd(key, static k => new ClientSet(k));

    /// <summary>The region whose Pricing API knows about this region: the service runs in a few regions only.</summary>
    private static string PricingRegion(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "cn-northwest-1"
        : region.StartsWith("eu-", StringComparison.Ordinal) ? "eu-central-1"
        : region.StartsWith("ap-", StringComparison.Ordinal) ? "ap-south-1"
        : "us-east-1";

    private TClient Make<TConfig, TClient>(
        string service,
        AWSCredentials? credentials,
        Func<TConfig, TClient> withSearch,
        Func<AWSCredentials, TConfig, TClient> withFixed,
        string? region = null)
        where TConfig : ClientConfig, new()
    {
        string where = region ?? key.Region;
        var config = new TConfig
        {
            // Retries are CloudRetryPolicy's; the SDK's own retry quota would end a throttled launch early.
            ThrottleRetries = false,
            Timeout = TimeSpan.FromSeconds(40),
        };
        string? endpoint = EndpointOf(service);
        if (endpoint is null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(where);
        }
        else
        {
            config.ServiceURL = endpoint;
            config.AuthenticationRegion = where;
        }

        if (credentials is not null)
            return withFixed(credentials, config);
        if (key.ProfileName is { } profile)
            config.Profile = new Profile(profile);
        return withSearch(config);
    }

    private string? EndpointOf(string service)
    {
        foreach (string pair in key.ServiceEndpoints.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.StartsWith(service + "=", StringComparison.Ordinal))
                return pair[(service.Length + 1)..];
        }

        return key.Endpoint;
    }
}
