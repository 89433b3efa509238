using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes the code that reads a class from the XML answers of the ec2 and query protocols, in one pass.</summary>
internal static class XmlPart
{
    public static void Write(CodeWriter code, ServiceModel model, ClassPlan plan)
    {
        code.Line();
        code.Open($"internal static {plan.Name} ReadXml(XmlAnswer xml)");
        if (plan.Fields.Count == 1 && plan.Fields[0].WrapsWhole)
        {
            code.Line($"return new {plan.Name} {{ {plan.Fields[0].Property} = {plan.Fields[0].Type}.ReadXml(xml) }};");
            code.Close();
            return;
        }

        code.Line($"var read = new {plan.Name}();");
        code.Line("if (!xml.Enter()) return read;");
        code.Open("while (xml.Next())");
        if (plan.Fields.Count == 0)
        {
            code.Line("xml.Skip();");
        }
        else
        {
            code.Open("switch (xml.Name)");
            foreach (var field in plan.Fields)
            {
                code.Line($"case {CSharp.Text(ElementName(model, field))}:");
                code.Line($"    {Assignment(model, field)}");
                code.Line("    break;");
            }

            code.Line("default:");
            code.Line("    xml.Skip();");
            code.Line("    break;");
            code.Close();
        }

        code.Close();
        code.Line();
        code.Line("return read;");
        code.Close();
    }

    private static string ElementName(ServiceModel model, Field field)
    {
        var shape = model[field.Use];
        if (shape is { Kind: ShapeKind.List, Flattened: true } && model.Protocol == Protocol.Query)
            return shape.Element!.LocationName ?? field.Use.LocationName ?? field.Use.Name;
        return field.Use.LocationName ?? field.Use.Name;
    }

    private static string Assignment(ServiceModel model, Field field)
    {
        var shape = field.Shape;
        var target = "read." + field.Property;
        if (field.Substitution is null && model.Protocol == Protocol.Query && shape.Kind == ShapeKind.List && (shape.Flattened || field.Use.Flattened))
            return $"({target} ??= new {field.Type}()).Add({Expression(model, shape.Element!, "xml")});";
        if (CSharp.IsEnum(model, field.Use)) return $"{target} = {field.Type}.FindValue(xml.Text());";
        return $"{target} = {Expression(model, field.Use, "xml", target)};";
    }

    private static string Expression(ServiceModel model, ShapeUse use, string from, string existing = "null")
    {
        var shape = model[use];
        if (model.Names.SubstitutionOf(use.ShapeName) is { Member: { } inner } substitution)
        {
            var member = shape.Members.First(m => m.Name == inner);
            var name = CSharp.Text(member.LocationName ?? member.Name);
            return substitution.Kind == ShapeKind.Boolean ? $"{from}.BooleanOf({name})" : $"{from}.TextOf({name})";
        }

        switch (CSharp.Kind(model, use))
        {
            case ShapeKind.Structure: return $"{CSharp.Element(model, use)}.ReadXml({from})";
            case ShapeKind.List: return $"{from}.List({existing}, {Reader(model, shape.Element!)})";
            case ShapeKind.Map:
                return $"{from}.{(shape.Flattened ? "Entry" : "Map")}({existing}, {CSharp.Text(shape.Key!.LocationName ?? "key")}, {Reader(model, shape.Key!)}, {Reader(model, shape.Value!)})";
            case ShapeKind.String: return $"{from}.Text()";
            case ShapeKind.Timestamp: return $"{from}.Timestamp()";
            case var kind: return $"{from}.{kind}()";
        }
    }

    private static string Reader(ServiceModel model, ShapeUse use)
    {
        if (model.Names.SubstitutionOf(use.ShapeName) is null && model[use].Kind == ShapeKind.Structure) return CSharp.Element(model, use) + ".ReadXml";
        var expression = Expression(model, use, "xml", $"({CSharp.Element(model, use)})null");
        return "static xml => " + expression + (CSharp.IsValue(CSharp.Kind(model, use)) ? ".GetValueOrDefault()" : "");
    }
}
