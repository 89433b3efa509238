using System.Globalization;
using System.Text;

namespace Fe2Ps.Aws.Generator.Model;

/// <summary>A JSON object whose members keep the order of the text.</summary>
internal sealed class JsonObject
{
    private readonly Dictionary<string, object?> _byName = new(StringComparer.Ordinal);

    public List<string> Names { get; } = new();

    public object? this[string name] => _byName.TryGetValue(name, out var value) ? value : null;

    public void Add(string name, object? value)
    {
        if (!_byName.ContainsKey(name)) Names.Add(name);
        _byName[name] = value;
    }

    public string? Text(string name) => this[name] as string;

    public bool Flag(string name) => this[name] is true;

    public JsonObject? Object(string name) => this[name] as JsonObject;

    public IReadOnlyList<object?> Items(string name) => this[name] as List<object?> ?? new List<object?>();

    public IEnumerable<string> Texts(string name) => Items(name).OfType<string>();
}

/// <summary>
/// Reads JSON (RFC 8259). The compiler's host promises no JSON library to a generator, so this one brings its own.
/// Objects become <see cref="JsonObject"/>, arrays lists, numbers doubles.
/// </summary>
internal sealed class JsonText
{
    private readonly string _text;
    private int _at;

    private JsonText(string text) => _text = text;

    /// <summary>Reads one value that fills the whole text.</summary>
    /// <exception cref="FormatException">The text is not JSON; the message names the position.</exception>
    public static object? Read(string text)
    {
        var reader = new JsonText(text);
        var value = reader.Value();
        reader.Blank();
        if (reader._at < text.Length) throw reader.Wrong("the end");
        return value;
    }

    private object? Value()
    {
        Blank();
        if (_at >= _text.Length) throw Wrong("a value");
        switch (_text[_at])
        {
            case '{': return ObjectValue();
            case '[': return ArrayValue();
            case '"': return StringValue();
            case 't': return Word("true", true);
            case 'f': return Word("false", false);
            case 'n': return Word("null", null);
            default: return NumberValue();
        }
    }

    private JsonObject ObjectValue()
    {
        var found = new JsonObject();
        _at++;
        if (Took('}')) return found;
        do
        {
            Blank();
            var name = StringValue();
            if (!Took(':')) throw Wrong("':'");
            found.Add(name, Value());
        }
        while (Took(','));
        if (!Took('}')) throw Wrong("'}'");
        return found;
    }

    private List<object?> ArrayValue()
    {
        var found = new List<object?>();
        _at++;
        if (Took(']')) return found;
        do
        {
            found.Add(Value());
        }
        while (Took(','));
        if (!Took(']')) throw Wrong("']'");
        return found;
    }

    private string StringValue()
    {
        if (_at >= _text.Length || _text[_at] != '"') throw Wrong("a string");
        var built = new StringBuilder();
        for (_at++; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            if (c == '"')
            {
                _at++;
                return built.ToString();
            }

            if (c != '\\')
            {
                built.Append(c);
                continue;
            }

            if (++_at >= _text.Length) break;
            built.Append(Escaped());
        }

        throw Wrong("the end of a string");
    }

    private char Escaped()
    {
        switch (_text[_at])
        {
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u':
                if (_at + 4 >= _text.Length
                    || !int.TryParse(_text.Substring(_at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
                    throw Wrong("four hexadecimal digits");
                _at += 4;
                return (char)code;
            default: return _text[_at];
        }
    }

    private object? Word(string word, object? value)
    {
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0) throw Wrong("'" + word + "'");
        _at += word.Length;
        return value;
    }

    private object NumberValue()
    {
        var start = _at;
        while (_at < _text.Length && "+-.eE0123456789".IndexOf(_text[_at]) >= 0) _at++;
        if (!double.TryParse(_text.Substring(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            throw Wrong("a value");
        return number;
    }

    private bool Took(char wanted)
    {
        Blank();
        if (_at >= _text.Length || _text[_at] != wanted) return false;
        _at++;
        return true;
    }

    private void Blank()
    {
        while (_at < _text.Length && " \t\r\n".IndexOf(_text[_at]) >= 0) _at++;
    }

    private FormatException Wrong(string expected)
    {
        var line = 1;
        for (var i = 0; i < _at && i < _text.Length; i++)
            if (_text[i] == '\n') line++;
        return new FormatException($"line {line}: expected {expected}");
    }
}
