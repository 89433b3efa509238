using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes one class of a service's Model namespace.</summary>
internal static class ClassSource
{
    public static string Write(ServicePlan service, ClassPlan plan)
    {
        var model = service.Model;
        var names = model.Names;
        var code = new CodeWriter(model.Uid, names.Namespace + ".Model", "System.Text.Json", "Amazon.Runtime", "Fe2Ps.Aws.Wire");
        var (what, parent) = plan.Role switch
        {
            ClassRole.Request => ($"The input of {plan.Reference}.", $" : Amazon{names.Name}Request, {RequestInterface(model)}"),
            ClassRole.Response => ($"The output of {plan.Reference}.", " : AmazonWebServiceResponse"),
            _ => ($"The structure {plan.Reference} of {CodeWriter.Doc(model.FullName)}.", ""),
        };
        code.Summary($"{what} See <see href=\"{names.Reference}{plan.Reference}.html\">the API reference</see>.");
        code.Open($"public sealed class {plan.Name}{parent}");
        Constructors(code, service, plan);
        foreach (var field in plan.Fields) Property(code, model, plan, field);
        if (plan.IsWritten)
        {
            if (model.Protocol == Protocol.RestJson && plan.Role == ClassRole.Request) RestPart.WriteRequest(code, model, plan);
            else if (model.IsJson) JsonPart.WriteRequest(code, plan.Fields, model, plan);
            else FormPart.Write(code, model, plan);
        }

        if (plan.IsRead)
        {
            if (model.Protocol == Protocol.RestJson && plan.Role == ClassRole.Response) RestPart.WriteResponse(code, model, plan);
            else if (model.IsJson) JsonPart.WriteResponse(code, plan.Fields, model, plan);
            else XmlPart.Write(code, model, plan);
        }

        code.Close();
        return code.ToString();
    }

    private static string RequestInterface(ServiceModel model) => model.Protocol switch
    {
        Protocol.RestJson => "IRestRequest",
        Protocol.Json => "IJsonRequest",
        _ => "IFormRequest",
    };

    private static void Constructors(CodeWriter code, ServicePlan service, ClassPlan plan)
    {
        var arguments = service.Model.Names.Constructors.Texts(plan.Name).Select(n => plan.Fields.First(f => f.Property == n)).ToList();
        if (arguments.Count == 0) return;
        code.Summary("Nothing set yet.");
        code.Open($"public {plan.Name}()");
        code.Close();
        for (var count = 1; count <= arguments.Count; count++)
        {
            var given = arguments.Take(count).ToList();
            code.Line();
            code.Summary("With " + string.Join(" and ", given.Select(f => f.Property)) + ".");
            code.Open($"public {plan.Name}({string.Join(", ", given.Select(f => f.Type + " " + Lower(f.Property)))})");
            foreach (var field in given) code.Line($"{field.Property} = {Lower(field.Property)};");
            code.Close();
        }

        code.Line();
    }

    private static void Property(CodeWriter code, ServiceModel model, ClassPlan plan, Field field)
    {
        code.Line();
        code.Summary(Facts(model, plan, field));
        if (field.Use.IsDeprecated) code.Line("[Obsolete(\"The service marks this member as deprecated.\")]");
        var start = field.Kind is ShapeKind.List or ShapeKind.Map ? $" = Amazon.AWSConfigs.InitializeCollections ? new {field.Type}() : null;" : "";
        code.Line($"public {field.Type} {field.Property} {{ get; set; }}{start}");
    }

    private static string Facts(ServiceModel model, ClassPlan plan, Field field)
    {
        if (field.WrapsWhole) return "The whole answer.";
        var use = field.Use;
        var wire = plan.IsWritten && !plan.IsRead && !model.IsJson ? FormPart.FieldName(model, field) : use.LocationName ?? use.Name;
        var facts = new List<string> { $"Wire name <c>{wire}</c>" };
        facts.Add(KindOf(model, use));
        if (field.Required) facts.Add("required");
        if (use.IsIdempotencyToken) facts.Add("made up when left out");
        if (model.Names.SubstitutionOf(use.ShapeName) is { Member: null, Kind: ShapeKind.String }) facts.Add("given as base64 text");
        var text = string.Join("; ", facts) + ".";
        if (CSharp.IsEnum(model, use) && field.Shape.EnumValues.Count <= 12)
            text += " One of " + string.Join(", ", field.Shape.EnumValues.Select(v => $"<c>{CodeWriter.Doc(v)}</c>")) + ".";
        return text;
    }

    private static string KindOf(ServiceModel model, ShapeUse use)
    {
        var shape = model[use];
        return shape.Kind switch
        {
            ShapeKind.List => "list of " + ElementOf(model, shape.Element!),
            ShapeKind.Map => "map to " + ElementOf(model, shape.Value!),
            var kind => kind.ToString().ToLowerInvariant(),
        };
    }

    private static string ElementOf(ServiceModel model, ShapeUse use) => model[use] switch
    {
        { Kind: ShapeKind.Structure } or { IsEnum: true } => $"<c>{ServiceNames.Upper(use.ShapeName)}</c>",
        _ => KindOf(model, use),
    };

    private static string Lower(string name) => char.ToLowerInvariant(name[0]) + name.Substring(1);
}
