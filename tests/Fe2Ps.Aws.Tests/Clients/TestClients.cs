using Amazon.EC2;
using Amazon.Pricing;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>Clients of the loopback service.</summary>
internal static class TestClients
{
    public static AmazonEC2Client Ec2(LoopbackService service, Action<AmazonEC2Config>? set = null) => new("AKID", "secret", Set(new AmazonEC2Config(), service, set));

    public static AmazonSimpleSystemsManagementClient Ssm(LoopbackService service) =>
        new("AKID", "secret", Set(new AmazonSimpleSystemsManagementConfig(), service, null));

    public static AmazonPricingClient Pricing(LoopbackService service) => new("AKID", "secret", Set(new AmazonPricingConfig(), service, null));

    private static T Set<T>(T config, LoopbackService service, Action<T>? set)
        where T : ClientConfig
    {
        config.ServiceURL = service.Url;
        config.AuthenticationRegion = "us-east-2";
        set?.Invoke(config);
        return config;
    }
}
