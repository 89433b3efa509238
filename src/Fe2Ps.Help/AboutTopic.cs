using System.Text.RegularExpressions;

namespace Fe2Ps.Help;

/// <summary>An about_ page as the text that Get-Help prints: headings flush left, the rest set in by four.</summary>
public static partial class AboutTopic
{
    /// <summary>Turns Markdown into text of at most 80 columns; code keeps its lines.</summary>
    public static string ToText(string markdown)
    {
        var lines = new List<string>();
        bool code = false, front = false;
        var paragraph = new List<string>();
        void Flush()
        {
            if (paragraph.Count == 0) return;
            string text = Plain(string.Join(" ", paragraph));
            string hang = ListMark().Match(text) is { Success: true } mark ? new string(' ', mark.Length) : "";
            lines.AddRange(Wrap(text, 76 - hang.Length).Select((l, i) => "    " + (i == 0 ? "" : hang) + l));
            paragraph.Clear();
        }

        string[] source = markdown.ReplaceLineEndings("\n").Split('\n');
        for (int i = 0; i < source.Length; i++)
        {
            string line = source[i];
            if (i == 0 && line == "---") front = true;
            else if (front) front = line != "---";
            else if (line.StartsWith("```", StringComparison.Ordinal))
            {
                Flush();
                code = !code;
            }
            else if (code) lines.Add(("        " + line).TrimEnd());
            else if (line.StartsWith('#'))
            {
                Flush();
                string heading = Plain(line.TrimStart('#').Trim());
                lines.Add(line.StartsWith("# ", StringComparison.Ordinal) ? "TOPIC\n    " + heading : heading.ToUpperInvariant());
            }
            else if (line.Trim().Length == 0)
            {
                Flush();
                if (lines.Count > 0 && lines[^1].Length > 0) lines.Add("");
            }
            else
            {
                if (ListMark().IsMatch(line)) Flush();
                paragraph.Add(line.Trim());
            }
        }

        Flush();
        return string.Join("\n", lines).TrimEnd() + "\n";
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else line = line.Length == 0 ? word : line + " " + word;
        }

        if (line.Length > 0) yield return line;
    }

    private static string Plain(string text) => Link().Replace(text.Replace("`", "", StringComparison.Ordinal).Replace("**", "", StringComparison.Ordinal), "$1");

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\s*(- |\d+\. )")]
    private static partial Regex ListMark();
}
