using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>The C# side of shapes.</summary>
internal static class CSharp
{
    /// <summary>A property's type: value types nullable, as in the SDK's version 4.</summary>
    public static string Type(ServiceModel model, ShapeUse use)
    {
        var type = IsEnum(model, use) ? ServiceNames.Upper(model[use].Name) : Element(model, use);
        return IsValue(Kind(model, use)) ? type + "?" : type;
    }

    /// <summary>The type inside a list or map: value types plain, and texts for enums, as in the SDK.</summary>
    public static string Element(ServiceModel model, ShapeUse use)
    {
        var shape = model[use];
        return Kind(model, use) switch
        {
            ShapeKind.Structure => ServiceNames.Upper(shape.Name),
            ShapeKind.List => "List<" + Element(model, shape.Element!) + ">",
            ShapeKind.Map => "Dictionary<" + Element(model, shape.Key!) + ", " + Element(model, shape.Value!) + ">",
            ShapeKind.String => "string",
            ShapeKind.Integer => "int",
            ShapeKind.Long => "long",
            ShapeKind.Double => "double",
            ShapeKind.Float => "float",
            ShapeKind.Boolean => "bool",
            ShapeKind.Timestamp => "DateTime",
            _ => "MemoryStream",
        };
    }

    public static ShapeKind Kind(ServiceModel model, ShapeUse use) =>
        model.Names.SubstitutionOf(use.ShapeName)?.Kind ?? model[use].Kind;

    public static bool IsEnum(ServiceModel model, ShapeUse use) =>
        model.Names.SubstitutionOf(use.ShapeName) is null && model[use] is { Kind: ShapeKind.String, IsEnum: true };

    public static bool IsValue(ShapeKind kind) => kind switch
    {
        ShapeKind.Integer or ShapeKind.Long or ShapeKind.Double or ShapeKind.Float or ShapeKind.Boolean or ShapeKind.Timestamp => true,
        _ => false,
    };

    public static string Text(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n") + "\"";
}
