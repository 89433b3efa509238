using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// Reads the part of YAML that cloud-config is written in: block mappings and sequences, flow sequences, plain and quoted scalars,
/// literal and folded blocks, comments. Scalars are strings. Anchors, tags and flow mappings are refused, never guessed.
/// </summary>
internal sealed class SmallYaml
{
    private readonly string[] _lines;
    private int _at;

    private SmallYaml(string text) => _lines = text.ReplaceLineEndings("\n").Split('\n');

    /// <returns>A string, a <see cref="List{Object}"/> or a <see cref="Dictionary{String, Object}"/>; null for an empty text.</returns>
    /// <exception cref="FormatException">The text uses more of YAML than this reads, or is not YAML; the message names the line.</exception>
    public static object? Read(string text)
    {
        var reader = new SmallYaml(text);
        var value = reader.ReadNode(0);
        reader.SkipEmpty();
        return reader._at < reader._lines.Length ? throw reader.Wrong("unexpected indentation") : value;
    }

    private string Line => _lines[_at];

    private static int IndentOf(string line) => line.Length - line.TrimStart(' ').Length;

    private static bool IsEntry(string content) => content == "-" || content.StartsWith("- ", StringComparison.Ordinal);

    private void SkipEmpty()
    {
        while (_at < _lines.Length && (Line.TrimStart() is "" or "---" || Line.TrimStart().StartsWith('#')))
            _at++;
    }

    private object? ReadNode(int minimum)
    {
        SkipEmpty();
        if (_at >= _lines.Length || IndentOf(Line) < minimum)
            return null;
        var indent = IndentOf(Line);
        var content = Line[indent..];
        if (content.StartsWith('\t'))
            throw Wrong("a tab as indentation");
        if (IsEntry(content))
            return ReadSequence(indent);
        if (FindColon(content) >= 0)
            return ReadMapping(indent);
        _at++;
        return ReadInline(content, indent);
    }

    private List<object?> ReadSequence(int indent)
    {
        var items = new List<object?>();
        for (SkipEmpty(); _at < _lines.Length && IndentOf(Line) == indent && IsEntry(Line[indent..]); SkipEmpty())
        {
            var rest = Line[(indent + 1)..];
            var inner = rest.TrimStart(' ');
            if (inner.Length == 0 || inner.StartsWith('#'))
            {
                _at++;
                items.Add(ReadNode(indent + 1));
            }
            else if (IsEntry(inner) || (FindColon(inner) >= 0 && inner[0] is not ('[' or '{' or '|' or '>')))
            {
                // "- a: 1" is a mapping that begins behind the dash: the dash becomes a space, and the mapping is read from there.
                _lines[_at] = new string(' ', indent + 1) + rest;
                items.Add(ReadNode(indent + 1));
            }
            else
            {
                _at++;
                items.Add(ReadInline(inner, indent));
            }
        }

        return items;
    }

    private Dictionary<string, object?> ReadMapping(int indent)
    {
        var members = new Dictionary<string, object?>();
        for (SkipEmpty(); _at < _lines.Length && IndentOf(Line) == indent && !IsEntry(Line[indent..]); SkipEmpty())
        {
            var content = Line[indent..];
            var colon = FindColon(content);
            if (colon < 0)
                throw Wrong("a key without a colon");
            var key = Unquote(content[..colon].Trim());
            var rest = content[(colon + 1)..].Trim();
            _at++;
            if (rest.Length == 0 || rest.StartsWith('#'))
            {
                SkipEmpty();
                // A sequence may stand at its key's own indentation.
                var sequence = _at < _lines.Length && IndentOf(Line) == indent && IsEntry(Line[indent..]);
                members[key] = sequence ? ReadSequence(indent) : ReadNode(indent + 1);
            }
            else
            {
                members[key] = ReadInline(rest, indent);
            }
        }

        return members;
    }

    /// <summary>A value that begins on the line of its key or dash; the reader is already on the next line.</summary>
    private object? ReadInline(string text, int indent)
    {
        switch (text[0])
        {
            case '|' or '>':
                return ReadBlock(text, indent);
            case '&' or '*' or '!' or '{' or '%' or '@' or '`':
                throw Wrong($"'{text[0]}' at the start of a value", -1);
            case '[':
                for (; !Strip(text).EndsWith(']'); _at++)
                    text = _at < _lines.Length ? Strip(text) + " " + Line.Trim() : throw Wrong("an unclosed [", -1);
                return SplitFlow(Strip(text)[1..^1]).Select(item => (object?)Unquote(item)).ToList();
            case '"' or '\'':
                while (!IsClosed(text))
                    text = _at < _lines.Length ? text + " " + _lines[_at++].Trim() : throw Wrong("an unclosed quotation", -1);
                return Unquote(Strip(text));
        }

        // A plain scalar goes on over more deeply indented lines.
        var value = new StringBuilder(Strip(text));
        while (_at < _lines.Length && Line.Trim().Length > 0 && IndentOf(Line) > indent && !Line.TrimStart().StartsWith('#'))
            value.Append(' ').Append(Strip(_lines[_at++].Trim()));
        return value.ToString() is "~" or "null" or "" ? null : value.ToString();
    }

    private string ReadBlock(string header, int parent)
    {
        header = Strip(header);
        var given = header.FirstOrDefault(char.IsAsciiDigit);
        var indent = given == 0 ? -1 : parent + given - '0';
        var lines = new List<string>();
        for (; _at < _lines.Length; _at++)
        {
            if (Line.Trim().Length == 0)
            {
                lines.Add(indent >= 0 && Line.Length > indent ? Line[indent..] : string.Empty);
                continue;
            }

            if (IndentOf(Line) <= parent)
                break;
            if (indent < 0)
                indent = IndentOf(Line);
            if (IndentOf(Line) < indent)
                throw Wrong("a line of a text block that begins before the block");
            lines.Add(Line[indent..]);
        }

        var body = header[0] == '|' ? string.Join('\n', lines) : Fold(lines);
        body = body.TrimEnd('\n');
        var kept = lines.Count - lines.FindLastIndex(line => line.Length > 0);
        return header.Contains('-') || body.Length == 0 ? body : body + new string('\n', header.Contains('+') ? kept : 1);
    }

    private static string Fold(List<string> lines)
    {
        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            var joins = i > 0 && lines[i].Length > 0 && lines[i - 1].Length > 0 && lines[i][0] != ' ' && lines[i - 1][0] != ' ';
            if (i > 0 && (joins || lines[i].Length == 0 || lines[i - 1].Length > 0))
                text.Append(joins ? ' ' : '\n');
            text.Append(lines[i]);
        }

        return text.ToString();
    }

    /// <summary>The colon that ends a key: outside quotations, followed by a space or the end of the line.</summary>
    private static int FindColon(string content)
    {
        var quote = '\0';
        for (var i = 0; i < content.Length; i++)
        {
            var c = content[i];
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '"' or '\'' && i == 0)
                quote = c;
            else if (c == '#' && i > 0 && content[i - 1] == ' ')
                return -1;
            else if (c == ':' && (i + 1 == content.Length || content[i + 1] is ' ' or '\t'))
                return i;
        }

        return -1;
    }

    private static IEnumerable<string> SplitFlow(string text)
    {
        var item = new StringBuilder();
        var quote = '\0';
        foreach (var c in text)
        {
            if (quote == '\0' && c == ',')
            {
                yield return item.ToString().Trim();
                item.Clear();
                continue;
            }

            if (quote == '\0' ? c is '"' or '\'' && item.ToString().Trim().Length == 0 : c == quote)
                quote = quote == '\0' ? c : '\0';
            item.Append(c);
        }

        if (item.ToString().Trim().Length > 0)
            yield return item.ToString().Trim();
    }

    private static bool IsClosed(string text) => CloseOf(text) > 0;

    /// <summary>Where the quotation that a text begins with ends, or -1.</summary>
    private static int CloseOf(string text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[0] == '"' && text[i] == '\\')
                i++;
            else if (text[i] == text[0] && text[0] == '\'' && i + 1 < text.Length && text[i + 1] == '\'')
                i++;
            else if (text[i] == text[0])
                return i;
        }

        return -1;
    }

    /// <summary>Without the comment behind it.</summary>
    private static string Strip(string text)
    {
        if (text is ['"' or '\'', ..] && CloseOf(text) is > 0 and var close)
            return text[..(close + 1)];
        var comment = text.IndexOf(" #", StringComparison.Ordinal);
        return (comment < 0 ? text : text[..comment]).Trim();
    }

    private static string Unquote(string text)
    {
        if (text is ['\'', .., '\''] && text.Length > 1)
            return text[1..^1].Replace("''", "'", StringComparison.Ordinal);
        if (text is not ['"', .., '"'] || text.Length < 2)
            return text;
        var value = new StringBuilder();
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] != '\\')
            {
                value.Append(text[i]);
                continue;
            }

            var c = text[++i];
            value.Append(c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '0' => '\0', 'e' => '\e', _ => c });
        }

        return value.ToString();
    }

    private FormatException Wrong(string what, int offset = 0) => new($"line {_at + 1 + offset}: {what}");
}
