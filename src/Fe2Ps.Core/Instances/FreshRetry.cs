using Amazon.Runtime;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>
/// EC2 may not know a thing for some seconds after it said that it made it. Only calls about what this process has just made are repeated for that.
/// Source: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
/// </summary>
internal static class FreshRetry
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task<T> RunAsync<T>(Fe2Session session, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + Patience;
        for (int n = 0; ; n++)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (AmazonServiceException e) when (IsNotFound(e) && session.Clock.GetUtcNow() < end)
            {
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsNotFound(AmazonServiceException e) =>
        e.ErrorCode is { } code && (code.EndsWith(".NotFound", StringComparison.Ordinal) || code is "InvalidGroup.NotFound" or "InvalidID");
}
