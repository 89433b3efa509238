using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes an enum as the SDK shows it: a <c>ConstantClass</c> with one static member for each known value.</summary>
/// <remarks>
/// The values are properties that make their object when first asked for, not fields: EC2's instance types are more
/// than a thousand, and nobody who lists machines should pay for all of them.
/// </remarks>
internal static class EnumSource
{
    public static string Write(ServiceModel model, string name, Shape shape)
    {
        var code = new CodeWriter(model.Uid, model.Names.Namespace, "Amazon.Runtime", "Fe2Ps.Aws.Wire");
        code.Summary($"The values of {name}. Values that this list does not know are kept as the service sent them.");
        code.Open($"public sealed class {name} : ConstantClass");
        code.Line($"private static readonly Constants<{name}> s_all = new(");
        code.Line($"    {CSharp.Text("\n" + string.Join("\n", shape.EnumValues) + "\n")},");
        code.Line($"    static value => new {name}(value));");
        var used = new HashSet<string>(StringComparer.Ordinal) { name, "FindValue", "Value" };
        foreach (var value in shape.EnumValues)
        {
            var constant = ServiceNames.Constant(value);
            while (!used.Add(constant)) constant += "_";
            code.Line();
            code.Summary($"<c>{CodeWriter.Doc(value)}</c>");
            code.Line($"public static {name} {constant} => s_all.Find({CSharp.Text(value)});");
        }

        code.Line();
        code.Summary("A value by its text on the wire; known or not.");
        code.Line($"public {name}(string value)");
        code.Line("    : base(value)");
        code.Open();
        code.Close();
        code.Line();
        code.Summary("The constant for a text: a known value whatever its case, else a new one.");
        code.Line($"public static {name} FindValue(string value) => s_all.Find(value);");
        code.Line();
        code.Summary("The constant for a text, as <see cref=\"FindValue\"/>.");
        code.Line($"public static implicit operator {name}(string value) => s_all.Find(value);");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line("public override string ToString() => Value;");
        code.Close();
        return code.ToString();
    }
}
