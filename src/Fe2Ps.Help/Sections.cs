using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Fe2Ps.Help;

/// <summary>A heading of the third level with what follows it.</summary>
internal sealed record Section(string Heading, List<Block> Blocks);

/// <summary>A page cut at its headings.</summary>
internal sealed class Sections
{
    private readonly Dictionary<string, (List<Block> Own, List<Section> Children)> _byName = new(StringComparer.Ordinal);
    private readonly string _file;

    public Sections(MarkdownDocument document, string file)
    {
        _file = file;
        string? top = null;
        foreach (Block block in document)
        {
            if (block is HeadingBlock { Level: <= 3 } heading)
            {
                string title = heading.Inline is null ? "" : Text(heading.Inline);
                if (heading.Level == 1) Title = title;
                else if (heading.Level == 2) _byName[top = title] = ([], []);
                else if (top is null) throw new PageException(file, $"'{title}' stands outside any section");
                else _byName[top].Children.Add(new Section(title, []));
            }
            else if (top is not null)
            {
                var (own, children) = _byName[top];
                (children.Count > 0 ? children[^1].Blocks : own).Add(block);
            }
        }

        foreach (string name in new[] { "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "PARAMETERS", "INPUTS", "OUTPUTS", "NOTES", "RELATED LINKS" })
            if (!_byName.ContainsKey(name)) throw new PageException(file, $"the section '{name}' is missing");
    }

    public string Title { get; } = "";

    public IEnumerable<Block> Blocks(string section) => _byName.TryGetValue(section, out var found)
        ? found.Own.Concat(found.Children.SelectMany(c => c.Blocks))
        : [];

    public IReadOnlyList<Section> Children(string section) => _byName[section].Children;

    public IReadOnlyList<string> Prose(string section) => Paragraphs(_byName[section].Own);

    public IReadOnlyList<string> Links(string section) =>
        [.. _byName[section].Own.SelectMany(b => b.Descendants<LinkInline>()).Select(Text)];

    /// <summary>Blocks as plain paragraphs: what a console can show.</summary>
    public IReadOnlyList<string> Paragraphs(IEnumerable<Block> blocks)
    {
        var result = new List<string>();
        foreach (Block block in blocks)
        {
            switch (block)
            {
                case ParagraphBlock { Inline: { } inline }: result.Add(Text(inline)); break;
                case FencedCodeBlock { Info: "powershell" or "yaml" }: break;
                case CodeBlock code: result.Add(string.Join("\n", code.Lines.Lines.Take(code.Lines.Count).Select(l => "    " + l.Slice))); break;
                case ListBlock list:
                    int number = 0;
                    foreach (ListItemBlock item in list.OfType<ListItemBlock>())
                        result.Add((list.IsOrdered ? $"{++number}. " : "- ") + string.Join(" ", Paragraphs(item)));
                    break;
                default: throw new PageException(_file, $"line {block.Line + 1}: a {block.GetType().Name} cannot be shown in a console; use paragraphs, lists and code");
            }
        }

        return result;
    }

    public static string Text(ContainerInline container)
    {
        var text = new StringBuilder();
        foreach (Inline inline in container)
        {
            switch (inline)
            {
                case LiteralInline literal: text.Append(literal.Content.AsSpan()); break;
                case CodeInline code: text.Append(code.Content); break;
                case LineBreakInline: text.Append(' '); break;
                case HtmlEntityInline entity: text.Append(entity.Transcoded.AsSpan()); break;
                case AutolinkInline link: text.Append(link.Url); break;
                case ContainerInline inner: text.Append(Text(inner)); break;
                case HtmlInline html: text.Append(html.Tag); break;
            }
        }

        return text.ToString();
    }
}
