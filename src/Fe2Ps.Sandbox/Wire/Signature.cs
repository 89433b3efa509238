using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fe2Ps.Sandbox.Iam;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>Signature Version 4 in the Authorization header (AWS General Reference, "Signing AWS API requests").</summary>
internal static class Signature
{
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(15);

    /// <summary>Refuses what is not signed with the sandbox's credentials, or not signed just now.</summary>
    public static void Verify(HttpRequest request, ReadOnlyMemory<byte> body, Scope scope, ServiceModel service, Cloud cloud)
    {
        var header = request.Headers.Authorization.ToString();
        var date = request.Headers["X-Amz-Date"].ToString();
        if (!DateTimeOffset.TryParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw Credentials.Refusal(service);
        if ((cloud.Now - time).Duration() > s_skew)
            throw service.Protocol == "ec2" ? new ApiException("RequestExpired", "Request has expired.") : Expired(service, date);
        var names = Part(header, "SignedHeaders=").Split(';');
        var headers = names.Select(name => KeyValuePair.Create(name, name == "host" ? request.Host.Value ?? "" : request.Headers[name].ToString()));
        var secret = Secret(request, scope, service, cloud);
        var wanted = Compute(
            secret ?? Credentials.SecretKey, request.Method, CanonicalPath(request), request.QueryString.Value ?? "", headers, body.Span, date, scope.Region, scope.Service);
        var given = Part(header, "Signature=");
        if (secret is null)
            throw Credentials.Refusal(service);
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(wanted), Encoding.ASCII.GetBytes(given)))
            throw Mismatch(service);
    }

    // The printed credentials, those of a user with policies, or those of an instance's role, which name their session too.
    private static string? Secret(HttpRequest request, Scope scope, ServiceModel service, Cloud cloud)
    {
        if (scope.AccessKey == Credentials.AccessKey)
            return Credentials.SecretKey;
        if (Caller.Secret(cloud, scope.AccessKey) is { } secret)
            return secret;
        if (cloud.Sessions.Find(scope.AccessKey) is not { } session || request.Headers["X-Amz-Security-Token"] != session.Token)
            return null;
        return session.Until > cloud.Now ? session.SecretKey : throw service.Protocol switch
        {
            "ec2" => new ApiException("RequestExpired", "Request has expired."),
            _ => new ApiException(service.IsJson ? "ExpiredTokenException" : "ExpiredToken", "The security token included in the request is expired", service.IsJson ? 400 : 403),
        };
    }

    // The path as it was sent, each part of it encoded once more (Signature Version 4, all services but S3).
    private static string CanonicalPath(HttpRequest request) => string.Join('/', RestWire.RawPath(request).Split('/').Select(Uri.EscapeDataString));

    /// <summary>The signature of a request, in hexadecimal.</summary>
    /// <param name="headers">The signed headers, names in lower case, in order.</param>
    /// <param name="date">As in X-Amz-Date.</param>
    public static string Compute(
        string secret, string method, string path, string query, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> body, string date,
        string region, string service)
    {
        var signed = headers.ToList();
        var canonical = new StringBuilder().Append(method).Append('\n').Append(path).Append('\n').Append(Query(query)).Append('\n');
        foreach (var (name, value) in signed)
            canonical.Append(name).Append(':').Append(Squeeze(value)).Append('\n');
        canonical.Append('\n').AppendJoin(';', signed.Select(header => header.Key)).Append('\n').Append(Convert.ToHexStringLower(SHA256.HashData(body)));
        var day = date[..8];
        var text = $"AWS4-HMAC-SHA256\n{date}\n{day}/{region}/{service}/aws4_request\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Mac(Mac(Mac(Mac(Encoding.UTF8.GetBytes("AWS4" + secret), day), region), service), "aws4_request");
        return Convert.ToHexStringLower(Mac(key, text));
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Squeeze(string value)
    {
        value = value.Trim();
        while (value.Contains("  ", StringComparison.Ordinal))
            value = value.Replace("  ", " ", StringComparison.Ordinal);
        return value;
    }

    private static string Query(string query) => query.Length < 2
        ? ""
        : string.Join('&', FormReader.Split(query[1..]).Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}").Order(StringComparer.Ordinal));

    private static string Part(string header, string name)
    {
        var start = header.IndexOf(name, StringComparison.Ordinal);
        if (start < 0)
            return "";
        start += name.Length;
        var end = header.AsSpan(start).IndexOfAny(',', ' ');
        return end < 0 ? header[start..] : header.Substring(start, end);
    }

    private static ApiException Mismatch(ServiceModel service) => service.Protocol == "ec2"
        ? Credentials.Refusal(service)
        : new ApiException(
            service.IsJson ? "InvalidSignatureException" : "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
            service.IsJson ? 400 : 403);

    private static ApiException Expired(ServiceModel service, string date) => new(
        service.IsJson ? "InvalidSignatureException" : "SignatureDoesNotMatch", $"Signature expired: {date} is too old.", service.IsJson ? 400 : 403);
}
