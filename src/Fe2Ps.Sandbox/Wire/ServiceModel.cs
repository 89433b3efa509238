using System.Text.Json;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>The kinds of value that a service model knows.</summary>
internal enum ShapeType
{
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

/// <summary>One shape of a service model.</summary>
internal sealed class Shape(string name, ShapeType type)
{
    public string Name { get; } = name;

    public ShapeType Type { get; } = type;

    public Dictionary<string, Member> Members { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Required { get; set; } = [];

    /// <summary>What a list holds; the value of a map.</summary>
    public Member? Element { get; set; }

    /// <summary>The values that an enumeration permits, or null.</summary>
    public HashSet<string>? Values { get; set; }

    /// <summary>Whether a point in time is ISO 8601 in JSON too.</summary>
    public bool IsIso { get; init; }

    public double? Min { get; set; }

    public double? Max { get; set; }
}

/// <summary>A member of a structure, or what a list holds.</summary>
internal sealed class Member(string name, Shape shape, string? locationName, string? queryName, string? location = null)
{
    /// <summary>Where a REST protocol puts the member: uri, querystring, header; null for the body.</summary>
    public string? Location { get; } = location;

    public string Name { get; } = name;

    public Shape Shape { get; } = shape;

    public bool HasLocationName { get; } = locationName is not null;

    /// <summary>The element's name in an answer.</summary>
    public string LocationName { get; } = locationName ?? name;

    /// <summary>The parameter's name in an ec2 request: the query name, else the location name with a capital.</summary>
    public string Ec2Name { get; } = queryName
        ?? (locationName is { Length: > 0 } ? char.ToUpperInvariant(locationName[0]) + locationName[1..] : name);

    public byte[] OpenTag { get; } = System.Text.Encoding.UTF8.GetBytes($"<{locationName ?? name}>");

    public byte[] CloseTag { get; } = System.Text.Encoding.UTF8.GetBytes($"</{locationName ?? name}>");
}

/// <summary>One operation of a service.</summary>
internal sealed record Operation(ServiceModel Service, string Name, Shape? Input, Shape? Output, string? ResultWrapper)
{
    public string Method { get; init; } = "POST";

    /// <summary>The path of a REST protocol, its labels in braces.</summary>
    public string RequestUri { get; init; } = "/";

    /// <summary>The HTTP status of success.</summary>
    public int ResponseCode { get; init; } = 200;
}

/// <summary>An official service model (botocore's service-2.json form), as far as the wire needs it.</summary>
internal sealed class ServiceModel
{
    private readonly Dictionary<string, Shape> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _statuses = new(StringComparer.Ordinal);

    private ServiceModel(string id, JsonElement root)
    {
        Id = id;
        var metadata = root.GetProperty("metadata");
        Protocol = metadata.GetProperty("protocol").GetString()!;
        Version = metadata.GetProperty("apiVersion").GetString()!;
        XmlNamespace = Text(metadata, "xmlNamespace") ?? "";
        TargetPrefix = Text(metadata, "targetPrefix");
        SigningName = Text(metadata, "signingName") ?? Text(metadata, "endpointPrefix") ?? id;
        var shapes = root.GetProperty("shapes");
        foreach (var operation in root.GetProperty("operations").EnumerateObject())
        {
            Operations[operation.Name] = new Operation(
                this, operation.Name, Reference(operation.Value, "input", shapes), Reference(operation.Value, "output", shapes),
                operation.Value.TryGetProperty("output", out var output) ? Text(output, "resultWrapper") : null)
            {
                Method = operation.Value.TryGetProperty("http", out var http) ? Text(http, "method") ?? "POST" : "POST",
                RequestUri = http.ValueKind == JsonValueKind.Object ? Text(http, "requestUri") ?? "/" : "/",
                ResponseCode = http.ValueKind == JsonValueKind.Object ? (int?)Number(http, "responseCode") ?? 200 : 200,
            };
        }

        foreach (var shape in shapes.EnumerateObject())
            ReadError(shape);
    }

    /// <summary>The service's short name: ec2, sts, iam, dlm.</summary>
    public string Id { get; }

    /// <summary>ec2, query, json or rest-json.</summary>
    public string Protocol { get; }

    public bool IsJson => Protocol is "json" or "rest-json";

    /// <summary>The service's name in a signature's scope.</summary>
    public string SigningName { get; }

    /// <summary>The member in which a rest-json error repeats its code.</summary>
    public string ErrorMember { get; private set; } = "Code";

    public string Version { get; }

    public string XmlNamespace { get; }

    public string? TargetPrefix { get; }

    public Dictionary<string, Operation> Operations { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads every model of a folder, by service name.</summary>
    public static Dictionary<string, ServiceModel> LoadAll(string folder)
    {
        var models = new Dictionary<string, ServiceModel>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
        {
            // Other facts about the services lie beside the models.
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("metadata", out _))
                continue;
            var id = Path.GetFileNameWithoutExtension(file);
            models[id] = new ServiceModel(id, document.RootElement);
        }

        return models;
    }

    /// <summary>The HTTP status of an error: the model's where it has one.</summary>
    public int StatusOf(ApiException error) => _statuses.GetValueOrDefault(error.Code, error.Status);

    private static string? Text(JsonElement element, string name)
        => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static double? Number(JsonElement element, string name)
        => element.TryGetProperty(name, out var value) ? value.GetDouble() : null;

    private Shape? Reference(JsonElement owner, string name, JsonElement shapes)
        => owner.TryGetProperty(name, out var reference) ? Resolve(reference.GetProperty("shape").GetString()!, shapes) : null;

    private Member ReadMember(string name, JsonElement reference, JsonElement shapes)
        => new(name, Resolve(reference.GetProperty("shape").GetString()!, shapes), Text(reference, "locationName"), Text(reference, "queryName"), Text(reference, "location"));

    private void ReadError(JsonProperty shape)
    {
        if (!shape.Value.TryGetProperty("error", out var error) || Number(error, "httpStatusCode") is not { } status)
            return;
        _statuses[Text(error, "code") ?? shape.Name] = (int)status;
        if (shape.Value.GetProperty("members").TryGetProperty("ErrorCode", out _))
            ErrorMember = "ErrorCode";
    }

    private Shape Resolve(string name, JsonElement shapes)
    {
        if (_shapes.TryGetValue(name, out var known))
            return known;
        var source = shapes.GetProperty(name);
        var shape = new Shape(name, source.GetProperty("type").GetString() switch
        {
            "structure" => ShapeType.Structure,
            "list" => ShapeType.List,
            "map" => ShapeType.Map,
            "string" or "character" => ShapeType.String,
            "integer" => ShapeType.Integer,
            "long" => ShapeType.Long,
            "double" or "float" => ShapeType.Double,
            "boolean" => ShapeType.Boolean,
            "timestamp" => ShapeType.Timestamp,
            "blob" => ShapeType.Blob,
            var other => throw new InvalidDataException($"The model of {Id} has a shape of the unknown type '{other}'."),
        })
        {
            IsIso = Text(source, "timestampFormat") == "iso8601",
            Min = Number(source, "min"),
            Max = Number(source, "max"),
        };
        _shapes[name] = shape;
        if (source.TryGetProperty("required", out var required))
            shape.Required = [.. required.EnumerateArray().Select(value => value.GetString()!)];
        if (source.TryGetProperty("enum", out var values))
            shape.Values = [.. values.EnumerateArray().Select(value => value.GetString()!)];
        if (source.TryGetProperty("members", out var members))
        {
            foreach (var member in members.EnumerateObject())
                shape.Members[member.Name] = ReadMember(member.Name, member.Value, shapes);
        }

        if (source.TryGetProperty("member", out var element))
            shape.Element = ReadMember("member", element, shapes);
        if (source.TryGetProperty("value", out var mapValue))
            shape.Element = ReadMember("value", mapValue, shapes);
        return shape;
    }
}
