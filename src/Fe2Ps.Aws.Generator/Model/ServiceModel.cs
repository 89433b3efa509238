namespace Fe2Ps.Aws.Generator.Model;

/// <summary>The wire protocols of AWS that a client can be written for.</summary>
internal enum Protocol
{
    /// <summary>EC2's own dialect of the query protocol.</summary>
    Ec2,

    /// <summary>Form fields there, XML back.</summary>
    Query,

    /// <summary>JSON both ways, the operation in a header.</summary>
    Json,

    /// <summary>JSON both ways, the operation in method and path; members may be in the path, the query or the headers.</summary>
    RestJson,
}

/// <summary>One operation of a service.</summary>
internal sealed class Operation
{
    public Operation(string name, JsonObject facts, JsonObject? pages)
    {
        Name = name;
        Method = facts.Object("http")?.Text("method") ?? "POST";
        RequestUri = facts.Object("http")?.Text("requestUri") ?? "/";
        Input = facts.Object("input")?.Text("shape");
        Output = facts.Object("output")?.Text("shape");
        ResultWrapper = facts.Object("output")?.Text("resultWrapper");
        Errors = facts.Items("errors").OfType<JsonObject>().Select(e => e.Text("shape")!).ToList();
        if (pages?.Text("input_token") is { } input && pages.Text("output_token") is { } output)
        {
            InputToken = input;
            OutputToken = output;
            ResultKeys = pages["result_key"] is string one ? new List<string> { one } : pages.Texts("result_key").ToList();
        }
    }

    public string Name { get; }

    /// <summary>The HTTP method of a REST protocol.</summary>
    public string Method { get; }

    /// <summary>The path of a REST protocol, with the labels of its uri members in braces.</summary>
    public string RequestUri { get; }

    public string? Input { get; }

    public string? Output { get; }

    public string? ResultWrapper { get; }

    public List<string> Errors { get; }

    /// <summary>The member of the input that takes the next page's token; null when the operation has no pages.</summary>
    public string? InputToken { get; }

    public string? OutputToken { get; }

    public List<string> ResultKeys { get; } = new();
}

/// <summary>A service as its official model tells it.</summary>
internal sealed class ServiceModel
{
    public ServiceModel(string id, JsonObject root, ServiceNames names)
    {
        Id = id;
        Names = names;
        var metadata = root.Object("metadata") ?? throw new FormatException("no metadata");
        ApiVersion = metadata.Text("apiVersion")!;
        EndpointPrefix = metadata.Text("endpointPrefix")!;
        SigningName = metadata.Text("signingName") ?? EndpointPrefix;
        ServiceId = metadata.Text("serviceId")!;
        FullName = metadata.Text("serviceFullName") ?? ServiceId;
        TargetPrefix = metadata.Text("targetPrefix") ?? "";
        JsonVersion = metadata.Text("jsonVersion") ?? "1.1";
        Uid = metadata.Text("uid") ?? id + "-" + ApiVersion;
        Protocol = metadata.Text("protocol") switch
        {
            "ec2" => Protocol.Ec2,
            "query" => Protocol.Query,
            "json" => Protocol.Json,
            "rest-json" => Protocol.RestJson,
            var other => throw new FormatException($"protocol '{other}' is not supported; ec2, query, json and rest-json are"),
        };
        var shapes = root.Object("shapes") ?? throw new FormatException("no shapes");
        foreach (var name in shapes.Names) Shapes.Add(name, new Shape(name, shapes.Object(name)!));
        var operations = root.Object("operations") ?? throw new FormatException("no operations");
        foreach (var name in operations.Names)
            Operations.Add(new Operation(name, operations.Object(name)!, root.Object("pagination")?.Object(name)));
    }

    public string Id { get; }

    public ServiceNames Names { get; }

    public string ApiVersion { get; }

    public string EndpointPrefix { get; }

    public string SigningName { get; }

    public string ServiceId { get; }

    public string FullName { get; }

    public string TargetPrefix { get; }

    public string JsonVersion { get; }

    public string Uid { get; }

    public Protocol Protocol { get; }

    /// <summary>Whether bodies are JSON.</summary>
    public bool IsJson => Protocol is Protocol.Json or Protocol.RestJson;

    public Dictionary<string, Shape> Shapes { get; } = new(StringComparer.Ordinal);

    public List<Operation> Operations { get; } = new();

    public Shape this[ShapeUse use] => this[use.ShapeName];

    public Shape this[string name] =>
        Shapes.TryGetValue(name, out var shape) ? shape : throw new FormatException($"the model names the shape '{name}' but does not hold it");
}
