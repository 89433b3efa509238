using System.Xml;
using System.Xml.Linq;

namespace Fe2Ps.Help;

/// <summary>Writes pages as MAML, the XML that Get-Help reads for compiled cmdlets.</summary>
public static class Maml
{
    private static readonly XNamespace Msh = "http://msh";
    private static readonly XNamespace MamlSpace = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>Writes one file for all commands.</summary>
    public static void Write(IEnumerable<HelpPage> pages, string path)
    {
        var document = new XDocument(new XElement(Msh + "helpItems", new XAttribute("schema", "maml"), pages.Select(Item)));
        using var writer = XmlWriter.Create(path, new XmlWriterSettings { Indent = true, NewLineChars = "\n", Encoding = new System.Text.UTF8Encoding(false) });
        document.Save(writer);
    }

    private static XElement Item(HelpPage page)
    {
        string[] name = page.Name.Split('-', 2);
        return new XElement(Command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", MamlSpace.NamespaceName),
            new XAttribute(XNamespace.Xmlns + "command", Command.NamespaceName),
            new XAttribute(XNamespace.Xmlns + "dev", Dev.NamespaceName),
            new XElement(Command + "details",
                new XElement(Command + "name", page.Name),
                new XElement(Command + "verb", name[0]),
                new XElement(Command + "noun", name[1]),
                new XElement(MamlSpace + "description", Paragraphs(page.Synopsis))),
            new XElement(MamlSpace + "description", Paragraphs(page.Description)),
            new XElement(Command + "syntax", Sets(page).Select(set => new XElement(Command + "syntaxItem",
                new XElement(MamlSpace + "name", page.Name),
                InSet(page, set).Select(p => Parameter(p.Parameter, p.Set))))),
            new XElement(Command + "parameters", page.Parameters.Select(p => Parameter(p, Facts(page, p).Sets[0]))),
            new XElement(Command + "inputTypes", page.Inputs.Select(t => Type(Command + "inputType", t))),
            new XElement(Command + "returnValues", page.Outputs.Select(t => Type(Command + "returnValue", t))),
            new XElement(MamlSpace + "alertSet", new XElement(MamlSpace + "alert", Paragraphs(page.Notes))),
            new XElement(Command + "examples", page.Examples.Select(Example)),
            new XElement(Command + "relatedLinks", page.Links.Select(link => new XElement(MamlSpace + "navigationLink",
                new XElement(MamlSpace + "linkText", link), new XElement(MamlSpace + "uri")))));
    }

    private static ParameterFacts Facts(HelpPage page, HelpParameter parameter) =>
        parameter.Facts is { Sets.Count: > 0 } facts ? facts : throw new PageException(page.File, $"-{parameter.Name} has no yaml block; 'Fe2Ps.Help update' writes it");

    private static string[] Sets(HelpPage page)
    {
        string[] sets = [.. page.Parameters.SelectMany(p => Facts(page, p).Sets).Select(s => s.Name).Where(s => s != "(All)").Distinct()];
        return sets.Length == 0 ? ["(All)"] : sets;
    }

    private static IEnumerable<(HelpParameter Parameter, ParameterSetFacts Set)> InSet(HelpPage page, string set) => page.Parameters
        .Select(p => (p, Facts(page, p).Sets.FirstOrDefault(s => s.Name == set || s.Name == "(All)")))
        .Where(p => p.Item2 is not null)
        .Select(p => (p.p, p.Item2!))
        .OrderBy(p => int.TryParse(p.Item2.Position, out int position) ? position : int.MaxValue);

    private static XElement Parameter(HelpParameter parameter, ParameterSetFacts set)
    {
        ParameterFacts facts = parameter.Facts!;
        string shortType = facts.Type[(facts.Type.LastIndexOf('.') + 1)..];
        string pipeline = (set.ByValue, set.ByName) switch
        {
            (true, true) => "True (ByValue, ByPropertyName)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };
        return new XElement(Command + "parameter",
            new XAttribute("required", set.IsRequired),
            new XAttribute("variableLength", facts.Type.EndsWith("[]", StringComparison.Ordinal)),
            new XAttribute("globbing", facts.SupportsWildcards),
            new XAttribute("pipelineInput", pipeline),
            new XAttribute("position", set.Position == "Named" ? "named" : set.Position),
            new XAttribute("aliases", facts.Aliases.Count == 0 ? "none" : string.Join(", ", facts.Aliases)),
            new XElement(MamlSpace + "name", parameter.Name),
            new XElement(MamlSpace + "description", Paragraphs(parameter.Description)),
            facts.AcceptedValues.Count > 0
                ? new XElement(Command + "parameterValueGroup", facts.AcceptedValues.Select(v => new XElement(Command + "parameterValue", new XAttribute("required", false), v)))
                : null,
            shortType == "SwitchParameter" ? null : new XElement(Command + "parameterValue", new XAttribute("required", true), shortType),
            new XElement(Dev + "type", new XElement(MamlSpace + "name", shortType), new XElement(MamlSpace + "uri")),
            new XElement(Dev + "defaultValue", shortType == "SwitchParameter" ? "False" : "None"));
    }

    private static XElement Type(XName element, HelpType type) => new(element,
        new XElement(Dev + "type", new XElement(MamlSpace + "name", type.Name)),
        new XElement(MamlSpace + "description", Paragraphs(type.Description)));

    private static XElement Example(HelpExample example) => new(Command + "example",
        new XElement(MamlSpace + "title", $"-------------------------- {example.Title} --------------------------"),
        new XElement(MamlSpace + "introduction", new XElement(MamlSpace + "para", "PS>")),
        new XElement(Dev + "code", example.Code),
        new XElement(Dev + "remarks", Paragraphs(example.Remarks)));

    private static IEnumerable<XElement> Paragraphs(IEnumerable<string> texts) => texts.Select(t => new XElement(MamlSpace + "para", t));
}
