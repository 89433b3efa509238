using Amazon;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// Requests as EC2's client would send them, without sending them: a shell on the monitor does that later. Words that it fills in are put
/// into the request as <see cref="Word"/>, and come out as <c>@WORD@</c>, which no encoded value can be.
/// </summary>
internal sealed class RequestBody : AmazonEC2Client
{
    private static readonly Lazy<RequestBody> Marshaller = new();

    public RequestBody()
        : base(new AnonymousAWSCredentials(), new AmazonEC2Config { RegionEndpoint = RegionEndpoint.USEast1 })
    {
    }

    /// <summary>A value that is filled in later. No value of a user's can be it: EC2 takes no control characters.</summary>
    public static string Word(string name) => $"\u0001{name}\u0001";

    /// <summary>The body of one call, <c>application/x-www-form-urlencoded</c>.</summary>
    public static async Task<string> OfAsync(Func<IAmazonEC2, Task> call)
    {
        try
        {
            await call(Marshaller.Value).ConfigureAwait(false);
        }
        catch (TakenException taken)
        {
            return taken.Body;
        }

        throw new InvalidOperationException("The request was not made into a body.");
    }

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Marshaller>(new Take());
    }

    private static string Encode(IDictionary<string, string> fields) => string.Join(
        '&', fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{Uri.EscapeDataString(f.Key)}={Uri.EscapeDataString(f.Value).Replace("%01", "@", StringComparison.Ordinal)}"));

    private sealed class Take : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext) =>
            throw new TakenException(Encode(executionContext.RequestContext.Request.Parameters));
    }

    private sealed class TakenException(string body) : Exception
    {
        public string Body => body;
    }
}
