namespace Fe2Ps.Sandbox.Wire;

/// <summary>Who signed a request, for which region and service (Signature Version 4, credential scope).</summary>
internal sealed record Scope(string AccessKey, string Region, string Service)
{
    /// <summary>The scope of the Authorization header, or null when the request is not signed.</summary>
    public static Scope? Read(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        var start = header.IndexOf("Credential=", StringComparison.Ordinal);
        if (start < 0)
            return null;
        var end = header.IndexOfAny([',', ' '], start);
        var credential = header[(start + 11)..(end < 0 ? header.Length : end)];
        var parts = credential.Split('/');
        return parts.Length == 5 && parts[4] == "aws4_request" ? new Scope(parts[0], parts[2], parts[3]) : null;
    }
}
