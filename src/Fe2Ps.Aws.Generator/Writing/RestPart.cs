using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes the code that carries requests and answers of the rest-json protocol: path, query, headers, status and body.</summary>
internal static class RestPart
{
    public static void WriteRequest(CodeWriter code, ServiceModel model, ClassPlan plan)
    {
        var body = Body(plan);
        code.Line();
        code.Line($"bool IRestRequest.HasBody => {(body.Count == 0 ? "false" : "true")};");
        code.Line();
        code.Open("void IRestRequest.WriteHead(RestWriter rest)");
        foreach (var field in plan.Fields)
        {
            var name = CSharp.Text(field.Use.LocationName ?? field.Use.Name);
            var value = field.Use.IsIdempotencyToken ? $"{field.Property} ?? FormWriter.NewToken()" : field.Property;
            var format = field.Kind == ShapeKind.Timestamp ? Format(field) : "";
            if (field.Use.Location == "uri") code.Line($"rest.Label({name}, {value}{format});");
            else if (field.Use.Location == "querystring") code.Line($"rest.Query({name}, {value}{format});");
            else if (field.Use.Location == "header") code.Line($"rest.Header({name}, {value}{format});");
            else if (field.Use.Location == "headers") code.Line($"rest.Headers({name}, {value});");
        }

        code.Close();
        if (body.FirstOrDefault(f => f.IsPayload) is not { } payload)
        {
            JsonPart.WriteRequest(code, body, model, plan);
            return;
        }

        Check(payload);
        code.Line();
        code.Open("void IJsonRequest.WriteJson(Utf8JsonWriter json)");
        code.Line($"({payload.Property} ?? new {payload.Type}()).WriteJson(json);");
        code.Close();
    }

    public static void WriteResponse(CodeWriter code, ServiceModel model, ClassPlan plan)
    {
        var body = Body(plan);
        if (body.FirstOrDefault(f => f.IsPayload) is { } payload)
        {
            Check(payload);
            code.Line();
            code.Open($"internal static {plan.Name} ReadJson(ref Utf8JsonReader json)");
            code.Line($"return new {plan.Name} {{ {payload.Property} = {payload.Type}.ReadJson(ref json) }};");
            code.Close();
        }
        else
        {
            JsonPart.WriteResponse(code, body, model, plan);
        }

        code.Line();
        code.Open($"internal static void ReadHead({plan.Name} read, Amazon.Runtime.Internal.Transform.IWebResponseData head)");
        foreach (var field in plan.Fields)
        {
            var name = CSharp.Text(field.Use.LocationName ?? field.Use.Name);
            if (field.Use.Location == "statusCode") code.Line($"read.{field.Property} = (int)head.StatusCode;");
            else if (field.Use.Location == "headers") code.Line($"read.{field.Property} = RestHead.Map(head, {name});");
            else if (field.Use.Location == "header" && CSharp.IsEnum(model, field.Use)) code.Line($"read.{field.Property} = {field.Type}.FindValue(RestHead.Text(head, {name}));");
            else if (field.Use.Location == "header") code.Line($"read.{field.Property} = RestHead.{(field.Kind == ShapeKind.String ? "Text" : field.Kind.ToString())}(head, {name});");
        }

        code.Close();
    }

    private static List<Field> Body(ClassPlan plan)
    {
        var without = plan.Fields.Where(f => f.Use.Location is null).ToList();
        return without.Any(f => f.IsPayload) ? without.Where(f => f.IsPayload).ToList() : without;
    }

    private static string Format(Field field)
    {
        var usual = field.Use.Location == "header" ? "rfc822" : "iso8601";
        return ", " + CSharp.Text(field.Use.TimestampFormat ?? field.Shape.TimestampFormat ?? usual);
    }

    private static void Check(Field payload)
    {
        if (payload.Kind != ShapeKind.Structure) throw new FormatException($"the payload '{payload.Use.Name}' is no structure; only those are supported");
    }
}
