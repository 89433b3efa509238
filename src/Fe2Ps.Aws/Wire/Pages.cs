using System.Runtime.CompilerServices;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Wire;

/// <summary>Asks for page after page of one request.</summary>
/// <param name="request">The request; it carries each page's token while the pages are read, then its own again.</param>
/// <param name="call">The operation.</param>
/// <param name="tokenOf">The token that the request carries.</param>
/// <param name="setToken">Gives the request a token.</param>
/// <param name="nextOf">The token of the page behind an answer; null or empty behind the last.</param>
internal sealed class Pages<TRequest, TResponse>(
    TRequest request,
    Func<TRequest, CancellationToken, Task<TResponse>> call,
    Func<TRequest, string?> tokenOf,
    Action<TRequest, string?> setToken,
    Func<TResponse, string?> nextOf) : IPaginator<TResponse>
    where TRequest : AmazonWebServiceRequest
{
    private int _used;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The pages are being read or have been read: make a new paginator.</exception>
    /// <exception cref="AmazonClientException">The service gave a token for the second time, so the pages would never end.</exception>
    public async IAsyncEnumerable<TResponse> PaginateAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _used, 1) != 0)
            throw new InvalidOperationException("These pages have already been read. Make a new paginator to read them again.");
        PaginatorUtils.SetUserAgentAdditionOnRequest(request);
        var first = tokenOf(request);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            for (var token = first; ;)
            {
                if (!string.IsNullOrEmpty(token) && !seen.Add(token))
                    throw new AmazonClientException("The service gave the same page token twice; the list is not complete.");
                setToken(request, token);
                var response = await call(request, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                token = nextOf(response);
                yield return response;
                if (string.IsNullOrEmpty(token)) yield break;
            }
        }
        finally
        {
            setToken(request, first);
        }
    }
}
