using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Help;

/// <summary>
/// Writes into each page what it must repeat of the code: the front matter, the syntax, the aliases and the yaml block of
/// each parameter. What people wrote stays; a parameter that nobody has described yet is an error.
/// </summary>
public static partial class PageUpdate
{
    private static readonly Dictionary<string, string> Standard = new(StringComparer.Ordinal)
    {
        ["Region"] = "The AWS region, by code or by its friendly name, in any case: `us-east-2`, `Ohio`. Without it: `Set-Fe2Default`, then AWS's own rules (environment, profile, IMDS).",
        ["ProfileName"] = "The profile of `~/.aws` whose credentials and settings to use. The files are only ever read.",
        ["EndpointUrl"] = "The address of another EC2 than AWS's own, such as a local sandbox: `http://127.0.0.1:4566`.",
        ["WhatIf"] = "Shows what would happen. Nothing is changed.",
        ["Confirm"] = "Asks before each change.",
    };

    /// <summary>Updates all pages of a folder.</summary>
    /// <returns>The pages that have changed.</returns>
    public static IReadOnlyList<string> Run(string docs, string assemblyPath)
    {
        var changed = new List<string>();
        foreach (CommandFacts command in CommandFacts.Read(Assembly.LoadFrom(Path.GetFullPath(assemblyPath))))
        {
            string path = Path.Combine(docs, command.Name + ".md");
            if (!File.Exists(path)) throw new PageException(command.Name + ".md", "the page is missing");
            string before = File.ReadAllText(path), after = Page(before.ReplaceLineEndings("\n"), command);
            if (before == after) continue;
            File.WriteAllText(path, after);
            changed.Add(path);
        }

        string security = Path.Combine(docs, "about_Fe2Ps_Security.md");
        string core = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(assemblyPath))!, "Fe2Ps.Core.dll");
        string text = File.ReadAllText(security).ReplaceLineEndings("\n"), updated = LeastPolicy.Page(text, LeastPolicy.Write(core, Path.Combine(docs, "..", "models")));
        if (text != updated)
        {
            File.WriteAllText(security, updated);
            changed.Add(security);
        }

        return changed;
    }

    /// <summary>One page, brought up to date with its command.</summary>
    public static string Page(string text, CommandFacts command)
    {
        text = FrontMatter().Replace(text, "");
        var sections = new List<(string Title, string Body)>();
        string[] parts = SectionHeading().Split(text);
        for (int i = 1; i + 1 < parts.Length; i += 2) sections.Add((parts[i].Trim(), parts[i + 1].Trim('\n')));
        string Body(string title) => sections.FirstOrDefault(s => s.Title == title).Body ?? "";

        var page = new StringBuilder();
        page.Append($"""
            ---
            document type: cmdlet
            external help file: Fe2Ps.dll-Help.xml
            HelpUri: ''
            Locale: en-US
            Module Name: Fe2Ps
            PlatyPS schema version: 2024-05-01
            title: {command.Name}
            ---

            # {command.Name}


            """.ReplaceLineEndings("\n"));
        Append(page, "SYNOPSIS", Body("SYNOPSIS"));
        Append(page, "SYNTAX", Syntax(command));
        Append(page, "ALIASES", command.Aliases.Count == 0 ? "This cmdlet has no aliases." : "This cmdlet has the following aliases:\n\n" + string.Join("\n", command.Aliases.Select(a => "- " + a)));
        Append(page, "DESCRIPTION", Body("DESCRIPTION"));
        Append(page, "EXAMPLES", Body("EXAMPLES"));
        Append(page, "PARAMETERS", Parameters(Body("PARAMETERS"), command));
        foreach (string title in new[] { "INPUTS", "OUTPUTS", "NOTES", "RELATED LINKS" }) Append(page, title, Body(title));
        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder page, string title, string body)
    {
        page.Append("## ").Append(title).Append("\n\n");
        if (body.Length > 0) page.Append(body).Append("\n\n");
    }

    private static string Syntax(CommandFacts command) => string.Join("\n\n", command.Sets.Select(set =>
        $"### {(set == "__AllParameterSets" ? "(All)" : set == command.DefaultSet && command.Sets.Count > 1 ? set + " (Default)" : set)}\n\n```\n{SyntaxLine.Write(command, set)}\n```"));

    private static string Parameters(string body, CommandFacts command)
    {
        var prose = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] parts = ParameterHeading().Split("\n" + body);
        for (int i = 1; i + 1 < parts.Length; i += 2) prose[parts[i]] = YamlBlock().Replace(parts[i + 1], "").Trim('\n');

        var declared = command.Parameters.ToList();
        if (command.ShouldProcess)
        {
            foreach (var (name, alias) in new[] { ("WhatIf", "wi"), ("Confirm", "cf") })
                declared.Add(new ParameterDeclaration(name, typeof(bool), new ParameterFacts(
                    "System.Management.Automation.SwitchParameter", false, [alias], [new ParameterSetFacts("(All)", "Named", false, false, false, false)], [])));
        }

        return string.Join("\n\n", declared.Select(p =>
        {
            if (!prose.TryGetValue(p.Name, out string? text) || text.Length == 0)
                text = Standard.GetValueOrDefault(p.Name) ?? throw new PageException(command.Name + ".md", $"-{p.Name} has no description");
            return $"### -{p.Name}\n\n{text}\n\n```yaml\n{p.Facts.ToYaml()}\n```";
        })) + "\n\n### CommonParameters\n\nThis cmdlet supports the common parameters: -Debug, -ErrorAction, -ErrorVariable, -InformationAction, -InformationVariable, -OutBuffer, -OutVariable, -PipelineVariable, -ProgressAction, -Verbose, -WarningAction, and -WarningVariable. For more, see `about_CommonParameters`.";
    }

    [GeneratedRegex(@"\A---\n.*?\n---\n", RegexOptions.Singleline)]
    private static partial Regex FrontMatter();

    [GeneratedRegex(@"^## +(.+)$", RegexOptions.Multiline)]
    private static partial Regex SectionHeading();

    [GeneratedRegex(@"^### +(?:-(\w+)|CommonParameters)[ ]*$", RegexOptions.Multiline)]
    private static partial Regex ParameterHeading();

    [GeneratedRegex(@"```yaml\n.*?\n```\n?", RegexOptions.Singleline)]
    private static partial Regex YamlBlock();
}
