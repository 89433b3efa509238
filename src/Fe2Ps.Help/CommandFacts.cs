using System.Reflection;

namespace Fe2Ps.Help;

/// <summary>One parameter as the code declares it.</summary>
public sealed record ParameterDeclaration(string Name, Type Type, ParameterFacts Facts);

/// <summary>
/// A cmdlet as its assembly declares it. Only attribute data is read, nothing of the assembly is run: the PowerShell
/// reference assembly that it is compiled against could not run it.
/// </summary>
public sealed record CommandFacts(
    string Name, Type Type, string? DefaultSet, bool ShouldProcess, string? ConfirmImpact, IReadOnlyList<string> Aliases,
    IReadOnlyList<string> Sets, IReadOnlyList<string> OutputTypes, IReadOnlyList<ParameterDeclaration> Parameters)
{
    private const string Automation = "System.Management.Automation.";
    private static readonly string[] Impacts = ["None", "Low", "Medium", "High"];
    private const string AllSets = "__AllParameterSets";

    /// <summary>The cmdlets of an assembly, by name.</summary>
    public static IReadOnlyList<CommandFacts> Read(Assembly assembly) =>
        [.. assembly.GetExportedTypes().Where(t => Attribute(t, "CmdletAttribute") is not null).Select(Read).OrderBy(c => c.Name, StringComparer.Ordinal)];

    private static CommandFacts Read(Type type)
    {
        CustomAttributeData cmdlet = Attribute(type, "CmdletAttribute")!;
        string name = $"{cmdlet.ConstructorArguments[0].Value}-{cmdlet.ConstructorArguments[1].Value}";
        List<ParameterDeclaration> parameters = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => Attribute(p, "ParameterAttribute") is not null)
            .OrderBy(p => p.DeclaringType == type ? 0 : 1).ThenBy(p => p.MetadataToken)
            .Select(Read)];
        bool shouldProcess = Named(cmdlet, "SupportsShouldProcess") is true;
        string? defaultSet = (string?)Named(cmdlet, "DefaultParameterSetName");
        string[] sets = [.. parameters.SelectMany(p => p.Facts.Sets).Select(s => s.Name).Where(s => s != "(All)").Distinct()];
        return new CommandFacts(
            name, type, defaultSet, shouldProcess, Named(cmdlet, "ConfirmImpact") is int impact ? Impacts[impact] : null,
            Strings(Attribute(type, "AliasAttribute")),
            sets.Length == 0 ? [AllSets] : [.. sets.OrderBy(s => s == defaultSet ? 0 : 1)],
            [.. type.GetCustomAttributesData().Where(a => a.AttributeType.FullName == Automation + "OutputTypeAttribute").SelectMany(OutputNames)],
            parameters);
    }

    private static ParameterDeclaration Read(PropertyInfo property)
    {
        var sets = property.GetCustomAttributesData()
            .Where(a => a.AttributeType.FullName == Automation + "ParameterAttribute")
            .Select(a => new ParameterSetFacts(
                (string?)Named(a, "ParameterSetName") is { } set && set != AllSets ? set : "(All)",
                Named(a, "Position") is int position ? position.ToString(System.Globalization.CultureInfo.InvariantCulture) : "Named",
                Named(a, "Mandatory") is true,
                Named(a, "ValueFromPipeline") is true,
                Named(a, "ValueFromPipelineByPropertyName") is true,
                Named(a, "ValueFromRemainingArguments") is true));
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        Type element = type.IsArray ? type.GetElementType()! : type;
        string[] values = Attribute(property, "ValidateSetAttribute") is { } set ? Strings(set) : element.IsEnum ? Enum.GetNames(element) : [];
        return new ParameterDeclaration(property.Name, type, new ParameterFacts(
            type.FullName!, Attribute(property, "SupportsWildcardsAttribute") is not null,
            Strings(Attribute(property, "AliasAttribute")), [.. sets], values));
    }

    private static CustomAttributeData? Attribute(MemberInfo member, string name) =>
        member.GetCustomAttributesData().FirstOrDefault(a => a.AttributeType.FullName == Automation + name);

    private static object? Named(CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(a => a.MemberName == name) is { MemberInfo: not null } found ? found.TypedValue.Value : null;

    private static string[] Strings(CustomAttributeData? attribute) =>
        attribute?.ConstructorArguments is [{ Value: IReadOnlyCollection<CustomAttributeTypedArgument> list }]
            ? [.. list.Select(v => (string)v.Value!)]
            : [];

    private static IEnumerable<string> OutputNames(CustomAttributeData attribute) => attribute.ConstructorArguments
        .SelectMany(a => a.Value is IReadOnlyCollection<CustomAttributeTypedArgument> list ? list : [a])
        .Select(a => a.Value switch { Type type => type.FullName!, string name => name, _ => "" });
}
