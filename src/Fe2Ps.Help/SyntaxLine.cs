using System.Text;

namespace Fe2Ps.Help;

/// <summary>A parameter set as Get-Help writes it.</summary>
public static class SyntaxLine
{
    /// <summary>The line of one parameter set.</summary>
    public static string Write(CommandFacts command, string set)
    {
        var line = new StringBuilder(command.Name);
        foreach (var (parameter, facts) in InOrder(command, set))
        {
            bool isSwitch = parameter.Type.Name == "SwitchParameter";
            string name = facts.Position == "Named" || isSwitch ? $"-{parameter.Name}" : $"[-{parameter.Name}]";
            string part = isSwitch ? name : $"{name} <{ShortName(parameter.Type)}>";
            line.Append(' ').Append(facts.IsRequired ? part : $"[{part}]");
        }

        if (command.ShouldProcess) line.Append(" [-WhatIf] [-Confirm]");
        return line.Append(" [<CommonParameters>]").ToString();
    }

    /// <summary>The parameters of one set: by position, then the mandatory ones, then the others as declared.</summary>
    public static IEnumerable<(ParameterDeclaration Parameter, ParameterSetFacts Facts)> InOrder(CommandFacts command, string set) =>
        command.Parameters
            .Select(p => (Parameter: p, Facts: p.Facts.Sets.FirstOrDefault(s => s.Name == set || s.Name == "(All)")))
            .Where(p => p.Facts is not null)
            .Select(p => (p.Parameter, p.Facts!))
            .OrderBy(p => int.TryParse(p.Item2.Position, out int position) ? position : int.MaxValue)
            .ThenBy(p => p.Item2.IsRequired ? 0 : 1);

    /// <summary>A type as PowerShell would have it typed.</summary>
    public static string ShortName(Type type)
    {
        if (type.IsArray) return ShortName(type.GetElementType()!) + "[]";
        return type.FullName switch
        {
            "System.String" => "string",
            "System.Int32" => "int",
            "System.Boolean" => "bool",
            "System.Object" => "Object",
            "System.Double" => "double",
            "System.Decimal" => "decimal",
            _ => type.Name,
        };
    }
}
