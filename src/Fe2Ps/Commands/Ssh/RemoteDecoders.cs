using System.Management.Automation;
using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Commands;

/// <summary>Makes records of the bytes of a machine's standard output.</summary>
internal interface IRemoteDecoder
{
    /// <summary>What this piece completes.</summary>
    IEnumerable<RemoteRecord> Add(byte[] bytes);

    /// <summary>What is left at the end.</summary>
    IEnumerable<RemoteRecord> Finish();
}

/// <summary>Objects that know the machine which they came from.</summary>
/// <param name="target">The machine.</param>
internal sealed class Origin(SshTarget target)
{
    /// <summary>The machine's name.</summary>
    public string Name => target.Name;

    /// <summary>The instance's id.</summary>
    public string InstanceId => target.InstanceId;

    /// <summary>The value with the properties <c>InstanceName</c> and <c>InstanceId</c>.</summary>
    public PSObject Mark(object value)
    {
        PSObject marked = value as PSObject ?? new PSObject(value);
        Put(marked, "InstanceName", target.Name);
        Put(marked, "InstanceId", target.InstanceId);
        return marked;
    }

    /// <summary>A value that nobody has seen yet: a million lines need no look for properties of the same name.</summary>
    public PSObject MarkFresh(object value)
    {
        var marked = new PSObject(value);
        marked.Properties.Add(new PSNoteProperty("InstanceName", target.Name), preValidated: true);
        marked.Properties.Add(new PSNoteProperty("InstanceId", target.InstanceId), preValidated: true);
        return marked;
    }

    private static void Put(PSObject marked, string name, string text)
    {
        marked.Members.Remove(name);
        marked.Members.Add(new PSNoteProperty(name, text));
    }
}

/// <summary>Lines of text.</summary>
/// <param name="origin">The machine, or null for plain text: properties of its own cost a line five times the rest of its way.</param>
internal sealed class LineDecoder(Origin? origin) : IRemoteDecoder
{
    private readonly OutputLines _lines = new();

    public IEnumerable<RemoteRecord> Add(byte[] bytes) => _lines.Add(bytes).Select(Record);

    public IEnumerable<RemoteRecord> Finish() => _lines.Finish() is { } last ? [Record(last)] : [];

    private RemoteRecord Record(string line) => new(RemoteStream.Output, origin is null ? line : origin.MarkFresh(line));
}

/// <summary>Blocks of bytes, as they come.</summary>
internal sealed class ByteDecoder(Origin origin) : IRemoteDecoder
{
    public IEnumerable<RemoteRecord> Add(byte[] bytes) => [new(RemoteStream.Output, origin.MarkFresh(bytes))];

    public IEnumerable<RemoteRecord> Finish() => [];
}

/// <summary>What <see cref="RemoteScriptBlock"/> sends: a line for each object of each stream. Other lines were written by programs, past PowerShell.</summary>
internal sealed class ObjectDecoder(Origin origin) : IRemoteDecoder
{
    private readonly OutputLines _lines = new();

    /// <summary>What ended the script block, or null.</summary>
    public string? Ending { get; private set; }

    public IEnumerable<RemoteRecord> Add(byte[] bytes) => _lines.Add(bytes).SelectMany(Read).ToList();

    public IEnumerable<RemoteRecord> Finish() => _lines.Finish() is { } last ? Read(last) : [];

    private IEnumerable<RemoteRecord> Read(string line)
    {
        if (!line.StartsWith(RemoteScriptBlock.Mark, StringComparison.Ordinal) || line.Length < RemoteScriptBlock.Mark.Length + 1)
            return [new(RemoteStream.Output, origin.Mark(line))];
        char kind = line[RemoteScriptBlock.Mark.Length];
        string xml = Encoding.UTF8.GetString(Convert.FromBase64String(line[(RemoteScriptBlock.Mark.Length + 1)..]));
        object value = PSSerializer.Deserialize(xml);
        switch (kind)
        {
            case 'O': return [new(RemoteStream.Output, origin.Mark(value ?? new PSObject()))];
            case 'W': return [new(RemoteStream.Warning, $"{origin.Name}: {value}")];
            case 'V': return [new(RemoteStream.Verbose, $"{origin.Name}: {value}")];
            case 'D': return [new(RemoteStream.Debug, $"{origin.Name}: {value}")];
            case 'H': return [new(RemoteStream.Information, Announcement.Shown($"{value}"))];
            case 'I': return [new(RemoteStream.Information, new Announcement(value, []))];
            case 'T':
                Ending = $"{value}";
                return [];
            case 'E':
                var error = (PSObject)value;
                return [new(RemoteStream.Error, Error(Text(error, "Message"), Text(error, "Id"), Text(error, "Category"), Text(error, "Target")))];
            default: return [new(RemoteStream.Output, origin.Mark(line))];
        }
    }

    private ErrorRecord Error(string message, string id, string category, string target) =>
        new(new RemoteException(message), id.Length == 0 ? "RemoteError" : id,
            Enum.TryParse(category, out ErrorCategory known) ? known : ErrorCategory.NotSpecified, target.Length == 0 ? origin.InstanceId : target)
        {
            ErrorDetails = new ErrorDetails($"{origin.Name}: {message}"),
        };

    private static string Text(PSObject value, string name) => value.BaseObject is System.Collections.IDictionary table ? $"{table[name]}" : "";
}
