using System.Runtime.CompilerServices;
using Amazon;

namespace Fe2Ps.Aws.Tests;

internal static class Setup
{
    /// <summary>Lists are never null in Fe2Ps; and no test may pick up the credentials or region of whoever runs it.</summary>
    [ModuleInitializer]
    internal static void Start()
    {
        AWSConfigs.InitializeCollections = true;
        foreach (var name in new[] { "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE" })
            Environment.SetEnvironmentVariable(name, null);
        Environment.SetEnvironmentVariable("AWS_CONFIG_FILE", "/nonexistent");
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
    }
}
