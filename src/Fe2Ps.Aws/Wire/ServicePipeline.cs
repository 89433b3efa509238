using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace Fe2Ps.Aws.Wire;

/// <summary>Fits AWSSDK.Core's pipeline to a client: where requests go, how they are signed, what counts as throttling.</summary>
internal static class ServicePipeline
{
    public static void Customize(RuntimePipeline pipeline, IClientConfig config, params string[] throttlingCodes)
    {
        if (throttlingCodes.Length > 0)
        {
            RetryPolicy policy = config.RetryMode == RequestRetryMode.Adaptive ? new AdaptiveRetryPolicy(config) : new StandardRetryPolicy(config);
            foreach (var code in throttlingCodes) policy.ThrottlingErrorCodes.Add(code);
            pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(policy));
        }

        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new RegionalEndpointResolver());
        pipeline.AddHandlerBefore<RetryHandler>(new Signed());
    }

    /// <summary>Tells the endpoint provider what the client's configuration says.</summary>
    private sealed class RegionalEndpointResolver : BaseEndpointResolver
    {
        protected override void ServiceSpecificHandler(IExecutionContext executionContext, EndpointParameters parameters)
        {
            var context = executionContext.RequestContext;
            InjectHostPrefix(context);
            // Left alone, AWSSDK.Core signs for the environment's region whenever the address is one's own, even where
            // the configuration names another region.
            if (string.IsNullOrEmpty(context.ClientConfig.AuthenticationRegion) && parameters["Region"] is string { Length: > 0 } region)
            {
                context.Request.AuthenticationRegion =
                    (context.ClientConfig as ClientConfig)?.EndpointProvider is RegionalEndpoints endpoints ? endpoints.SigningRegion(region) : region;
            }
        }

        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) =>
            RegionalEndpoints.Parameters(requestContext.ClientConfig, requestContext.Request.AlternateEndpoint);
    }

    /// <summary>Every operation here is signed with Signature Version 4.</summary>
    private sealed class Signed : BaseAuthResolverHandler
    {
        protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
    }
}
