using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Fe2Ps.Aws.Wire;

/// <summary>A request that can write itself as path, query, headers and a JSON body.</summary>
internal interface IRestRequest : IJsonRequest
{
    /// <summary>Whether the operation has a body at all.</summary>
    bool HasBody { get; }

    /// <summary>Writes every member outside the body that is set.</summary>
    void WriteHead(RestWriter rest);
}

/// <summary>Turns a request into the rest-json protocol's form.</summary>
internal sealed class RestMarshaller(string service, string method, string path) : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    /// <inheritdoc/>
    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var rest = (IRestRequest)input;
        var request = new DefaultRequest(input, service) { HttpMethod = method, ResourcePath = path, UseQueryString = true };
        rest.WriteHead(new RestWriter(request));
        if (!rest.HasBody) return request;
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body)) rest.WriteJson(json);
        request.Content = body.WrittenSpan.ToArray();
        request.Headers["Content-Type"] = "application/json";
        return request;
    }
}

/// <summary>The parts of one REST request outside its body. A value that is not set writes nothing.</summary>
internal sealed class RestWriter(IRequest request)
{
    /// <summary>Fills a label of the path. Slashes in it are escaped, but for a label that takes the rest of the path.</summary>
    /// <exception cref="AmazonClientException">The value is missing or empty: the path would be another operation's.</exception>
    public void Label(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) throw new AmazonClientException($"The request needs a value for '{name}', which is a part of its path.");
        request.AddPathResource(request.ResourcePath.Contains("{" + name + "+}", StringComparison.Ordinal) ? "{" + name + "+}" : "{" + name + "}", value);
    }

    public void Label(string name, ConstantClass? value) => Label(name, value?.Value);

    public void Label(string name, bool? value) => Label(name, Text(value));

    public void Label(string name, IFormattable? value) => Label(name, value?.ToString(null, CultureInfo.InvariantCulture));

    public void Label(string name, DateTime? value, string format) => Label(name, Text(value, format));

    public void Query(string name, string? value)
    {
        if (value is not null) request.ParameterCollection.Add(name, value);
    }

    public void Query(string name, ConstantClass? value) => Query(name, value?.Value);

    public void Query(string name, bool? value) => Query(name, Text(value));

    public void Query(string name, IFormattable? value) => Query(name, value?.ToString(null, CultureInfo.InvariantCulture));

    public void Query(string name, DateTime? value, string format) => Query(name, Text(value, format));

    /// <summary>The name once for each element.</summary>
    public void Query(string name, List<string>? values)
    {
        if (values is { Count: > 0 }) request.ParameterCollection.Add(name, values);
    }

    /// <summary>Each pair by itself; the map's own name is not on the wire.</summary>
    public void Query(string name, Dictionary<string, string>? pairs)
    {
        foreach (var (key, value) in pairs ?? []) request.ParameterCollection.Add(key, value);
    }

    public void Header(string name, string? value)
    {
        if (value is not null) request.Headers[name] = value;
    }

    public void Header(string name, ConstantClass? value) => Header(name, value?.Value);

    public void Header(string name, bool? value) => Header(name, Text(value));

    public void Header(string name, IFormattable? value) => Header(name, value?.ToString(null, CultureInfo.InvariantCulture));

    public void Header(string name, DateTime? value, string format) => Header(name, Text(value, format));

    /// <summary>Each pair as a header, the prefix before its key.</summary>
    public void Headers(string prefix, Dictionary<string, string>? pairs)
    {
        foreach (var (key, value) in pairs ?? []) request.Headers[prefix + key] = value;
    }

    private static string? Text(bool? value) => value switch
    {
        null => null,
        true => "true",
        false => "false",
    };

    private static string? Text(DateTime? value, string format)
    {
        if (value is not { } given) return null;
        var utc = given.ToUniversalTime();
        return format switch
        {
            "rfc822" => utc.ToString("R", CultureInfo.InvariantCulture),
            "unixTimestamp" => ((long)(utc - DateTime.UnixEpoch).TotalSeconds).ToString(CultureInfo.InvariantCulture),
            _ => utc.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
    }
}

/// <summary>Reads what a REST answer says in its headers.</summary>
internal static class RestHead
{
    public static string? Text(IWebResponseData head, string name) => head.IsHeaderPresent(name) ? head.GetHeaderValue(name) : null;

    public static bool? Boolean(IWebResponseData head, string name) => Text(head, name) is { Length: > 0 } text ? bool.Parse(text) : null;

    public static int? Integer(IWebResponseData head, string name) => Text(head, name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    public static long? Long(IWebResponseData head, string name) => Text(head, name) is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    public static double? Double(IWebResponseData head, string name) => Text(head, name) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>A point in time, as UTC.</summary>
    public static DateTime? Timestamp(IWebResponseData head, string name) => Text(head, name) is { Length: > 0 } text
        ? DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal)
        : null;

    /// <summary>Every header with a prefix, under the rest of its name.</summary>
    public static Dictionary<string, string> Map(IWebResponseData head, string prefix) => head.GetHeaderNames()
        .Where(name => name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        .ToDictionary(name => name[prefix.Length..], head.GetHeaderValue, StringComparer.OrdinalIgnoreCase);
}
