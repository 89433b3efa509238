using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes the code that turns a class into the form fields of the ec2 and query protocols.</summary>
internal static class FormPart
{
    public static void Write(CodeWriter code, ServiceModel model, ClassPlan plan)
    {
        code.Line();
        if (plan.Role == ClassRole.Request)
        {
            code.Line("void IFormRequest.WriteForm(FormWriter form) => WriteForm(form, \"\");");
            code.Line();
        }

        code.Open("internal void WriteForm(FormWriter form, string prefix)");
        foreach (var field in plan.Fields)
        {
            var name = FieldName(model, field);
            if (field.Use.IsIdempotencyToken)
            {
                code.Line($"form.Put(prefix + {CSharp.Text(name)}, {field.Property} ?? FormWriter.NewToken());");
                continue;
            }

            Value(code, model, field.Use, field.Property, $"prefix + {CSharp.Text(name)}", 0);
        }

        code.Close();
    }

    /// <summary>ec2: queryName, else locationName with its first letter upper-cased; query: locationName; else the member's own name.</summary>
    public static string FieldName(ServiceModel model, Field field)
    {
        var use = field.Use;
        var name = model.Protocol == Protocol.Ec2
            ? use.QueryName ?? (use.LocationName is { } location ? ServiceNames.Upper(location) : ServiceNames.Upper(use.Name))
            : use.LocationName ?? use.Name;
        if (model.Protocol == Protocol.Query && model[use] is { Kind: ShapeKind.List, Flattened: true } list && list.Element!.LocationName is { } flat)
            name = flat;
        return name;
    }

    private static void Value(CodeWriter code, ServiceModel model, ShapeUse use, string value, string key, int depth)
    {
        var shape = model[use];
        if (model.Names.SubstitutionOf(use.ShapeName) is { Member: { } inner })
        {
            var member = shape.Members.First(m => m.Name == inner);
            var name = ServiceNames.Upper(member.LocationName ?? member.Name);
            code.Line($"form.Put({key} + {CSharp.Text("." + name)}, {value});");
            return;
        }

        switch (CSharp.Kind(model, use))
        {
            case ShapeKind.Structure:
                code.Line($"{value}?.WriteForm(form, {key} + \".\");");
                break;
            case ShapeKind.List:
                ListValue(code, model, shape, value, key, depth);
                break;
            case ShapeKind.Map:
                MapValue(code, model, shape, value, key, depth);
                break;
            default:
                code.Line($"form.Put({key}, {value});");
                break;
        }
    }

    private static void ListValue(CodeWriter code, ServiceModel model, Shape shape, string value, string key, int depth)
    {
        var element = shape.Element!;
        var flat = model.Protocol == Protocol.Ec2 || shape.Flattened;
        var item = "item" + depth;
        code.Open($"if ({value} is not null)");
        if (!flat)
        {
            // An empty list is told apart from an absent one by a key without value.
            code.Line($"if ({value}.Count == 0 && !Amazon.AWSConfigs.InitializeCollections) form.Put({key}, \"\");");
        }

        code.Line($"var {item} = {key}{(flat ? "" : " + " + CSharp.Text("." + (element.LocationName ?? "member")))};");
        code.Open($"for (var i{depth} = 0; i{depth} < {value}.Count; i{depth}++)");
        code.Line($"var key{depth} = FormWriter.Item({item}, i{depth});");
        Value(code, model, element, $"{value}[i{depth}]", "key" + depth, depth + 1);
        code.Close();
        code.Close();
    }

    private static void MapValue(CodeWriter code, ServiceModel model, Shape shape, string value, string key, int depth)
    {
        code.Open($"if ({value} is not null)");
        code.Line($"var i{depth} = 0;");
        code.Open($"foreach (var pair{depth} in {value})");
        code.Line($"var key{depth} = FormWriter.Item({key}{(shape.Flattened ? "" : " + \".entry\"")}, i{depth}++);");
        Value(code, model, shape.Key!, $"pair{depth}.Key", $"key{depth} + {CSharp.Text("." + (shape.Key!.LocationName ?? "key"))}", depth + 1);
        Value(code, model, shape.Value!, $"pair{depth}.Value", $"key{depth} + {CSharp.Text("." + (shape.Value!.LocationName ?? "value"))}", depth + 1);
        code.Close();
        code.Close();
    }
}
