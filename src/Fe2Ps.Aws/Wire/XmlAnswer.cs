using System.Globalization;
using System.Xml;

namespace Fe2Ps.Aws.Wire;

/// <summary>
/// Reads an XML answer forwards, once, without a document in memory. Each read starts at an element's start and ends
/// behind its end. Unknown elements are skipped.
/// </summary>
internal sealed class XmlAnswer : IDisposable
{
    // Long enough for every short word that answers repeat (states, types, zones, names), so that each is kept once.
    private const int LongestShared = 48;
    private static readonly XmlReaderSettings s_settings = new()
    {
        // Whitespace may be a tag's whole value, so it is not ignored here but between elements only.
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        DtdProcessing = DtdProcessing.Prohibit,
        CheckCharacters = false,
        CloseInput = false,
    };

    private readonly XmlReader _reader;
    private readonly string?[] _shared = new string?[1024];
    private char[] _buffer = new char[1024];

    /// <summary>Starts at the answer's root element.</summary>
    /// <exception cref="XmlException">The answer is not XML.</exception>
    public XmlAnswer(Stream stream)
    {
        _reader = XmlReader.Create(stream, s_settings);
        _reader.MoveToContent();
    }

    /// <summary>The local name of the element at hand.</summary>
    public string Name => _reader.LocalName;

    /// <summary>The request id, once a top element of that name has gone by.</summary>
    public string? RequestId { get; private set; }

    /// <summary>Where the reader stands, for an error message.</summary>
    public string Position => _reader is IXmlLineInfo { } at ? $"line {at.LineNumber}, column {at.LinePosition}" : "";

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    /// <summary>Steps into the element at hand; false when it is empty and already behind.</summary>
    public bool Enter()
    {
        var empty = _reader.IsEmptyElement;
        _reader.Read();
        return !empty;
    }

    /// <summary>Moves to the next child's start; false when the parent's end has been passed.</summary>
    public bool Next()
    {
        while (true)
        {
            switch (_reader.NodeType)
            {
                case XmlNodeType.Element:
                    return true;
                case XmlNodeType.EndElement:
                    _reader.Read();
                    return false;
                case XmlNodeType.None when _reader.EOF:
                    return false;
                default:
                    _reader.Read();
                    break;
            }
        }
    }

    /// <summary>Passes over the element at hand, keeping the request id where it is one.</summary>
    public void Skip()
    {
        if (_reader.Depth == 1 && _reader.LocalName is "requestId" or "RequestId" or "RequestID") RequestId = Text();
        else _reader.Skip();
    }

    /// <summary>The element's text, empty when it has none.</summary>
    public string Text()
    {
        var text = Characters();
        if (text.Length == 0) return "";
        if (text.Length > LongestShared) return new string(text);
        ref var slot = ref _shared[(uint)string.GetHashCode(text) % (uint)_shared.Length];
        if (slot is null || !text.SequenceEqual(slot)) slot = new string(text);
        return slot;
    }

    public bool? Boolean()
    {
        var text = Characters();
        return text.Length == 0 ? null : text.Trim() is "1" || bool.Parse(text);
    }

    public int? Integer()
    {
        var text = Characters();
        return text.Length == 0 ? null : int.Parse(text, NumberStyles.Integer, CultureInfo.InvariantCulture);
    }

    public long? Long()
    {
        var text = Characters();
        return text.Length == 0 ? null : long.Parse(text, NumberStyles.Integer, CultureInfo.InvariantCulture);
    }

    public double? Double()
    {
        var text = Characters();
        return text.Length == 0 ? null : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    public float? Float()
    {
        var text = Characters();
        return text.Length == 0 ? null : float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>A point in time, as UTC.</summary>
    public DateTime? Timestamp()
    {
        var text = Characters();
        return text.Length == 0
            ? null
            : DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
    }

    public MemoryStream Blob() => new(Convert.FromBase64String(Text()));

    /// <summary>The text of the one child that matters; null when it is absent.</summary>
    public string? TextOf(string child)
    {
        string? found = null;
        if (!Enter()) return found;
        while (Next())
        {
            if (Name == child) found = Text();
            else Skip();
        }

        return found;
    }

    /// <summary>The truth of the one child that matters; null when it is absent.</summary>
    public bool? BooleanOf(string child) => TextOf(child) is { Length: > 0 } text ? bool.Parse(text) : null;

    /// <summary>Every child as an element of a list.</summary>
    public List<T> List<T>(List<T>? list, Func<XmlAnswer, T> read)
    {
        list ??= [];
        if (!Enter()) return list;
        while (Next()) list.Add(read(this));
        return list;
    }

    /// <summary>Every child as an entry of a map.</summary>
    public Dictionary<TKey, TValue> Map<TKey, TValue>(
        Dictionary<TKey, TValue>? map, string keyName, Func<XmlAnswer, TKey> readKey, Func<XmlAnswer, TValue> readValue)
        where TKey : notnull
    {
        map ??= [];
        if (!Enter()) return map;
        while (Next()) Entry(map, keyName, readKey, readValue);
        return map;
    }

    /// <summary>The element at hand as one entry of a map.</summary>
    public Dictionary<TKey, TValue> Entry<TKey, TValue>(
        Dictionary<TKey, TValue>? map, string keyName, Func<XmlAnswer, TKey> readKey, Func<XmlAnswer, TValue> readValue)
        where TKey : notnull
    {
        map ??= [];
        if (!Enter()) return map;
        TKey? key = default;
        TValue? value = default;
        while (Next())
        {
            if (Name == keyName) key = readKey(this);
            else value = readValue(this);
        }

        if (key is not null) map[key] = value!;
        return map;
    }

    private ReadOnlySpan<char> Characters()
    {
        if (!Enter()) return [];
        var length = 0;
        while (true)
        {
            switch (_reader.NodeType)
            {
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    length = Append(length);
                    _reader.Read();
                    break;
                case XmlNodeType.EndElement:
                    _reader.Read();
                    return _buffer.AsSpan(0, length);
                case XmlNodeType.Element:
                    _reader.Skip();
                    break;
                default:
                    if (!_reader.Read()) return _buffer.AsSpan(0, length);
                    break;
            }
        }
    }

    private int Append(int length)
    {
        while (true)
        {
            if (length == _buffer.Length) Array.Resize(ref _buffer, length * 2);
            var read = _reader.ReadValueChunk(_buffer, length, _buffer.Length - length);
            if (read == 0) return length;
            length += read;
        }
    }
}
