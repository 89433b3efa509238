using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes the code that carries a class to and from the JSON of the json protocols.</summary>
internal static class JsonPart
{
    public static void WriteRequest(CodeWriter code, IReadOnlyCollection<Field> fields, ServiceModel model, ClassPlan plan)
    {
        code.Line();
        if (plan.Role == ClassRole.Request)
        {
            code.Line("void IJsonRequest.WriteJson(Utf8JsonWriter json) => WriteJson(json);");
            code.Line();
        }

        code.Open("internal void WriteJson(Utf8JsonWriter json)");
        code.Line("json.WriteStartObject();");
        foreach (var field in fields)
        {
            var value = field.Use.IsIdempotencyToken ? $"({field.Property} ?? FormWriter.NewToken())" : field.Property;
            var given = field.Kind is ShapeKind.List or ShapeKind.Map ? $"JsonAnswer.IsGiven({value})" : $"{value} is not null";
            code.Open($"if ({given})");
            code.Line($"json.WritePropertyName({CSharp.Text(field.Use.LocationName ?? field.Use.Name)});");
            var plain = CSharp.IsValue(field.Kind) || CSharp.IsEnum(model, field.Use) ? value + ".Value" : value;
            Value(code, model, field.Use, plain, 0);
            code.Close();
            code.Line();
        }

        code.Line("json.WriteEndObject();");
        code.Close();
    }

    public static void WriteResponse(CodeWriter code, IReadOnlyCollection<Field> fields, ServiceModel model, ClassPlan plan)
    {
        code.Line();
        code.Open($"internal static {plan.Name} ReadJson(ref Utf8JsonReader json)");
        if (plan.Fields.Count == 1 && plan.Fields[0].WrapsWhole)
        {
            code.Line($"return new {plan.Name} {{ {plan.Fields[0].Property} = {plan.Fields[0].Type}.ReadJson(ref json) }};");
            code.Close();
            return;
        }

        code.Line("if (!JsonAnswer.Enter(ref json)) return null;");
        code.Line($"var read = new {plan.Name}();");
        code.Open("while (JsonAnswer.Next(ref json, out var name))");
        if (fields.Count == 0)
        {
            // A switch with nothing but a default is a warning.
            code.Line("json.Skip();");
            code.Close();
            code.Line();
            code.Line("return read;");
            code.Close();
            return;
        }

        code.Open("switch (name)");
        foreach (var field in fields)
        {
            code.Line($"case {CSharp.Text(field.Use.LocationName ?? field.Use.Name)}:");
            var read = CSharp.IsEnum(model, field.Use)
                ? field.Type + ".FindValue(JsonAnswer.Text(ref json))"
                : Expression(model, field.Use, "read." + field.Property);
            code.Line($"    read.{field.Property} = {read};");
            code.Line("    break;");
        }

        code.Line("default:");
        code.Line("    json.Skip();");
        code.Line("    break;");
        code.Close();
        code.Close();
        code.Line();
        code.Line("return read;");
        code.Close();
    }

    private static void Value(CodeWriter code, ServiceModel model, ShapeUse use, string value, int depth)
    {
        var shape = model[use];
        switch (CSharp.Kind(model, use))
        {
            case ShapeKind.Structure:
                code.Line($"{value}.WriteJson(json);");
                break;
            case ShapeKind.List:
                code.Line("json.WriteStartArray();");
                code.Open($"foreach (var item{depth} in {value})");
                Value(code, model, shape.Element!, "item" + depth, depth + 1);
                code.Close();
                code.Line();
                code.Line("json.WriteEndArray();");
                break;
            case ShapeKind.Map:
                code.Line("json.WriteStartObject();");
                code.Open($"foreach (var pair{depth} in {value})");
                code.Line($"json.WritePropertyName(pair{depth}.Key);");
                Value(code, model, shape.Value!, $"pair{depth}.Value", depth + 1);
                code.Close();
                code.Line();
                code.Line("json.WriteEndObject();");
                break;
            case ShapeKind.String:
                code.Line($"json.WriteStringValue({value});");
                break;
            case ShapeKind.Boolean:
                code.Line($"json.WriteBooleanValue({value});");
                break;
            case ShapeKind.Timestamp:
                code.Line($"JsonAnswer.Put(json, {value}, {CSharp.Text(use.TimestampFormat ?? shape.TimestampFormat ?? "unixTimestamp")});");
                break;
            case ShapeKind.Blob:
                code.Line($"json.WriteBase64StringValue({value}.ToArray());");
                break;
            default:
                code.Line($"json.WriteNumberValue({value});");
                break;
        }
    }

    private static string Expression(ServiceModel model, ShapeUse use, string existing)
    {
        var shape = model[use];
        switch (CSharp.Kind(model, use))
        {
            case ShapeKind.Structure: return $"{CSharp.Element(model, use)}.ReadJson(ref json)";
            case ShapeKind.List: return $"JsonAnswer.List(ref json, {existing}, {Reader(model, shape.Element!)})";
            case ShapeKind.Map: return $"JsonAnswer.Map(ref json, {existing}, {Reader(model, shape.Value!)})";
            case ShapeKind.String: return "JsonAnswer.Text(ref json)";
            case var kind: return $"JsonAnswer.{kind}(ref json)";
        }
    }

    private static string Reader(ServiceModel model, ShapeUse use)
    {
        if (model[use].Kind == ShapeKind.Structure) return CSharp.Element(model, use) + ".ReadJson";
        var expression = Expression(model, use, $"({CSharp.Element(model, use)})null");
        if (CSharp.IsValue(CSharp.Kind(model, use))) expression += ".GetValueOrDefault()";
        return $"static (ref Utf8JsonReader json) => {expression}";
    }
}
