namespace Fe2Ps.Aws.Generator.Model;

/// <summary>What a shape of a service model is.</summary>
internal enum ShapeKind
{
    /// <summary>A named set of members.</summary>
    Structure,

    /// <summary>A sequence of one shape.</summary>
    List,

    /// <summary>Pairs of key and value.</summary>
    Map,

    /// <summary>A text, possibly one of an enum's values.</summary>
    String,

    /// <summary>A whole number of 32 bits.</summary>
    Integer,

    /// <summary>A whole number of 64 bits.</summary>
    Long,

    /// <summary>A number of double precision.</summary>
    Double,

    /// <summary>A number of single precision.</summary>
    Float,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A point in time, UTC.</summary>
    Timestamp,

    /// <summary>Bytes; base64 on the wire.</summary>
    Blob,
}

/// <summary>A use of a shape: by a structure's member, a list's element, or a map's key or value.</summary>
internal sealed class ShapeUse
{
    public ShapeUse(string name, JsonObject facts)
    {
        Name = name;
        ShapeName = facts.Text("shape") ?? throw new FormatException($"'{name}' names no shape");
        LocationName = facts.Text("locationName");
        QueryName = facts.Text("queryName");
        Flattened = facts.Flag("flattened");
        IsIdempotencyToken = facts.Flag("idempotencyToken");
        IsDeprecated = facts.Flag("deprecated");
        TimestampFormat = facts.Text("timestampFormat");
        Location = facts.Text("location");
    }

    public string Name { get; }

    public string ShapeName { get; }

    public string? LocationName { get; }

    public string? QueryName { get; }

    public bool Flattened { get; }

    public bool IsIdempotencyToken { get; }

    public bool IsDeprecated { get; }

    public string? TimestampFormat { get; }

    /// <summary>Where a REST protocol puts the member (header, uri, querystring); null for the body.</summary>
    public string? Location { get; }
}

/// <summary>One shape of a service model.</summary>
internal sealed class Shape
{
    public Shape(string name, JsonObject facts)
    {
        Name = name;
        var type = facts.Text("type") ?? throw new FormatException($"shape '{name}' has no type");
        if (type == "character") type = "string";
        if (!Enum.TryParse<ShapeKind>(type, ignoreCase: true, out var kind)) throw new FormatException($"shape '{name}' has the unknown type '{type}'");
        Kind = kind;
        EnumValues = facts.Texts("enum").ToList();
        Required = new HashSet<string>(facts.Texts("required"), StringComparer.Ordinal);
        Flattened = facts.Flag("flattened");
        TimestampFormat = facts.Text("timestampFormat");
        Payload = facts.Text("payload");
        IsException = facts.Flag("exception");
        IsFault = facts.Flag("fault");
        ErrorCode = facts.Object("error")?.Text("code");
        Retryable = facts.Object("retryable") is { } retryable ? retryable.Flag("throttling") : null;
        if (facts.Object("members") is { } members)
            foreach (var member in members.Names)
                Members.Add(new ShapeUse(member, members.Object(member)!));
        if (facts.Object("member") is { } element) Element = new ShapeUse("member", element);
        if (facts.Object("key") is { } key) Key = new ShapeUse("key", key);
        if (facts.Object("value") is { } value) Value = new ShapeUse("value", value);
    }

    public string Name { get; }

    public ShapeKind Kind { get; }

    public List<string> EnumValues { get; }

    public bool IsEnum => EnumValues.Count > 0;

    public HashSet<string> Required { get; }

    public bool Flattened { get; }

    public string? TimestampFormat { get; }

    /// <summary>The member that is the whole body in a REST protocol; null when the body holds every member without a place of its own.</summary>
    public string? Payload { get; }

    public bool IsException { get; }

    public bool IsFault { get; }

    public string? ErrorCode { get; }

    /// <summary>Null: not retryable; else whether it is a throttling error.</summary>
    public bool? Retryable { get; }

    public List<ShapeUse> Members { get; } = new();

    public ShapeUse? Element { get; }

    public ShapeUse? Key { get; }

    public ShapeUse? Value { get; }
}
