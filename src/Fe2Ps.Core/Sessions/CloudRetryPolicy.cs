using System.Net;
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

/// <summary>
/// The one place for retries: the SDK's standard rules about what may be repeated, with attempts that fit the cause.
/// Throttling is patient, because a launch must end well at 50 % throttling; a missing network is told after seconds;
/// capacity, which EC2 answers with status 500, is never repeated blindly.
/// </summary>
internal sealed class CloudRetryPolicy() : StandardRetryPolicy(ThrottleRetries)
{
    private const int ThrottleRetries = 12;
    private const int ServerErrorRetries = 6;
    private const int NetworkRetries = 2;
    private const int FirstDelay = 200;
    private const int LongestDelay = 5000;

    public override bool RetryForException(IExecutionContext executionContext, Exception exception) =>
        MayRetry(executionContext, exception) && base.RetryForException(executionContext, exception);

    public override async Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) =>
        MayRetry(executionContext, exception)
        && await base.RetryForExceptionAsync(executionContext, exception).ConfigureAwait(false);

    public override void WaitBeforeRetry(IExecutionContext executionContext) =>
        throw new NotSupportedException("Fe2Ps calls AWS asynchronously only.");

    public override Task WaitBeforeRetryAsync(IExecutionContext executionContext) =>
        Task.Delay(DelayBefore(executionContext.RequestContext.Retries), executionContext.RequestContext.CancellationToken);

    /// <summary>How long to wait before retry n (1 is the first): half of a doubling step for certain, the rest by chance.</summary>
    internal static TimeSpan DelayBefore(int retry)
    {
        double step = Math.Min(LongestDelay, FirstDelay * Math.Pow(2, Math.Max(0, retry - 1)));
        return TimeSpan.FromMilliseconds(step * (0.5 + (0.5 * Random.Shared.NextDouble())));
    }

    private bool MayRetry(IExecutionContext context, Exception exception)
    {
        int done = context.RequestContext.Retries;
        if (exception is not AmazonServiceException service || service.StatusCode == 0)
            return done < NetworkRetries;
        if (service.ErrorCode is { } code && ErrorTranslation.IsCapacity(code))
            return false;
        if (IsThrottlingError(exception))
            return done < ThrottleRetries;
        return service.StatusCode >= HttpStatusCode.InternalServerError ? done < ServerErrorRetries : done < NetworkRetries;
    }
}

/// <summary>Puts <see cref="CloudRetryPolicy"/> into the clients that this module makes, and into no others.</summary>
internal sealed class RetryCustomizer : IRuntimePipelineCustomizer
{
    private static readonly Type[] Ours =
    [
        typeof(AmazonEC2Client), typeof(AmazonSimpleSystemsManagementClient), typeof(AmazonPricingClient), typeof(AmazonSecurityTokenServiceClient),
        typeof(AmazonAutoScalingClient), typeof(AmazonElasticLoadBalancingV2Client), typeof(AmazonIdentityManagementServiceClient), typeof(AmazonDLMClient), typeof(AmazonElasticFileSystemClient),
    ];

    public string UniqueName => "Fe2Ps.CloudRetryPolicy";

    public void Customize(Type type, RuntimePipeline pipeline)
    {
        if (Ours.Contains(type))
            pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new CloudRetryPolicy()));
    }
}
