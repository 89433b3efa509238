using System.Text;
using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace Fe2Ps.Help;

/// <summary>One example of a page.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Code">The PowerShell text.</param>
/// <param name="Remarks">What is said about it.</param>
public sealed record HelpExample(string Title, string Code, IReadOnlyList<string> Remarks);

/// <summary>One parameter of a page.</summary>
/// <param name="Name">Without the dash.</param>
/// <param name="Description">Paragraphs.</param>
/// <param name="Facts">The yaml block, or null where the page has none yet.</param>
public sealed record HelpParameter(string Name, IReadOnlyList<string> Description, ParameterFacts? Facts);

/// <summary>A type that goes in or comes out.</summary>
public sealed record HelpType(string Name, IReadOnlyList<string> Description);

/// <summary>A page of one cmdlet, in the layout of PlatyPS 1.x.</summary>
public sealed record HelpPage(
    string File,
    string Name,
    IReadOnlyList<string> Synopsis,
    IReadOnlyList<string> Syntax,
    IReadOnlyList<string> Description,
    IReadOnlyList<HelpExample> Examples,
    IReadOnlyList<HelpParameter> Parameters,
    IReadOnlyList<HelpType> Inputs,
    IReadOnlyList<HelpType> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Links)
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseYamlFrontMatter().Build();

    /// <summary>Reads one page.</summary>
    /// <exception cref="PageException">The page lacks something.</exception>
    public static HelpPage Read(string path)
    {
        string file = Path.GetFileName(path);
        string text = System.IO.File.ReadAllText(path).ReplaceLineEndings("\n");
        var sections = new Sections(Markdown.Parse(text, Pipeline), file);
        string name = Path.GetFileNameWithoutExtension(path);
        if (sections.Title != name) throw new PageException(file, $"the title is '{sections.Title}', not '{name}'");

        var page = new HelpPage(
            file, name,
            sections.Prose("SYNOPSIS"),
            [.. sections.Blocks("SYNTAX").OfType<FencedCodeBlock>().Select(Code)],
            sections.Prose("DESCRIPTION"),
            [.. sections.Children("EXAMPLES").Select(c => new HelpExample(
                c.Heading,
                string.Join("\n", c.Blocks.OfType<FencedCodeBlock>().Where(b => b.Info == "powershell").Select(Code)),
                sections.Paragraphs(c.Blocks)))],
            [.. sections.Children("PARAMETERS").Where(c => c.Heading.StartsWith('-')).Select(c => new HelpParameter(
                c.Heading[1..],
                sections.Paragraphs(c.Blocks.Where(b => b is not FencedCodeBlock { Info: "yaml" })),
                c.Blocks.OfType<FencedCodeBlock>().FirstOrDefault(b => b.Info == "yaml") is { } yaml ? ParameterFacts.Parse(Code(yaml), file, c.Heading) : null))],
            [.. sections.Children("INPUTS").Select(c => new HelpType(c.Heading, sections.Paragraphs(c.Blocks)))],
            [.. sections.Children("OUTPUTS").Select(c => new HelpType(c.Heading, sections.Paragraphs(c.Blocks)))],
            sections.Prose("NOTES"),
            sections.Links("RELATED LINKS"));
        page.Check();
        return page;
    }

    private void Check()
    {
        if (Synopsis.Count == 0) throw new PageException(File, "the synopsis is empty");
        if (Description.Count == 0) throw new PageException(File, "the description is empty");
        if (Examples.Count < 2) throw new PageException(File, "two examples at least");
        foreach (HelpExample example in Examples)
            if (example.Code.Length == 0) throw new PageException(File, $"'{example.Title}' has no ```powershell block");
        foreach (HelpParameter parameter in Parameters)
            if (parameter.Description.Count == 0) throw new PageException(File, $"-{parameter.Name} has no description");
    }

    private static string Code(FencedCodeBlock block)
    {
        var text = new StringBuilder();
        foreach (var line in block.Lines.Lines.Take(block.Lines.Count)) text.Append(line.Slice.AsSpan()).Append('\n');
        return text.ToString().TrimEnd('\n');
    }
}
