using System.Buffers;
using System.Text.Json;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>What rest-json has outside its bodies: routes, labels, queries and error headers.</summary>
internal static class RestWire
{
    /// <summary>The operation of a method and path, and what stands in the path's labels; an empty name where there is none.</summary>
    public static (string Operation, Dictionary<string, string> Labels) Route(ServiceModel service, HttpRequest request)
    {
        foreach (var (name, operation) in service.Operations)
        {
            if (operation.Method == request.Method && Match(operation.RequestUri, RawPath(request)) is { } labels)
                return (name, labels);
        }

        return ("", []);
    }

    /// <summary>The value of a member that is not in the body, or null.</summary>
    public static object? Outside(Member member, HttpRequest request, IReadOnlyList<KeyValuePair<string, string>> query, IReadOnlyDictionary<string, string> labels)
    {
        var values = member.Location switch
        {
            "uri" => labels.TryGetValue(member.LocationName, out var label) ? [label] : [],
            "header" => request.Headers[member.LocationName] is { Count: > 0 } header ? [header.ToString()] : [],
            _ => query.Where(pair => pair.Key == member.LocationName).Select(pair => pair.Value).ToList(),
        };
        if (values.Count == 0)
            return null;
        return member.Shape.Type == ShapeType.List
            ? values.Select(value => FormReader.Scalar(member.Shape.Element!.Shape, value, member.Name)).ToList()
            : FormReader.Scalar(member.Shape, values[0], member.Name);
    }

    public static void WriteError(IBufferWriter<byte> output, HttpResponse response, ServiceModel service, ApiException error)
    {
        response.Headers["x-amzn-ErrorType"] = error.Code;
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString(service.ErrorMember, error.Code);
        writer.WriteString("Message", error.Message);
        writer.WriteEndObject();
    }

    /// <summary>The path as it was sent, so that an escaped slash is not taken for a part's end.</summary>
    public static string RawPath(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw
            ? raw : request.Path.Value ?? "/";
        var end = target.IndexOf('?', StringComparison.Ordinal);
        return end < 0 ? target : target[..end];
    }

    private static Dictionary<string, string>? Match(string pattern, string path)
    {
        var (wanted, given) = (pattern.Trim('/').Split('/'), path.Trim('/').Split('/'));
        if (wanted.Length != given.Length)
            return null;
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var index = 0; index < wanted.Length; index++)
        {
            if (wanted[index].StartsWith('{') && given[index].Length > 0)
                labels[wanted[index].Trim('{', '}')] = Uri.UnescapeDataString(given[index]);
            else if (wanted[index] != given[index])
                return null;
        }

        return labels;
    }
}
