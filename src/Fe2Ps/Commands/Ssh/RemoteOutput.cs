using System.Management.Automation;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>
/// Output of one machine on its way into the pipeline: standard output as lines that know their machine, standard error
/// shown and kept apart. Waiting for the pipeline is what slows down a machine that writes faster than it is read.
/// </summary>
internal sealed class RemoteOutput(
    SshTarget target, bool collect, PipelinePump pump, Action<object> write, Action<object, string[]> inform)
{
    private readonly OutputLines _output = new(), _error = new();

    /// <summary>Lines of standard output, where they are collected.</summary>
    public List<string> Output { get; } = [];

    /// <summary>Lines of standard error, where they are collected.</summary>
    public List<string> Error { get; } = [];

    /// <summary>The last line of standard error that is not empty.</summary>
    public string? LastError { get; private set; }

    /// <summary>Takes a piece, as it arrived.</summary>
    public void Add(SshOutput piece) => Pass(piece.IsError, (piece.IsError ? _error : _output).Add(piece.Bytes.Span));

    /// <summary>Takes what is left without a line feed.</summary>
    public void Finish()
    {
        if (_output.Finish() is { } output) Pass(false, [output]);
        if (_error.Finish() is { } error) Pass(true, [error]);
    }

    private void Pass(bool isError, List<string> lines)
    {
        if (isError) LastError = lines.FindLast(l => l.Trim().Length > 0) ?? LastError;
        if (lines.Count == 0) return;
        if (collect) (isError ? Error : Output).AddRange(lines);
        else pump.DoAsync(() => lines.ForEach(isError ? Inform : Write)).GetAwaiter().GetResult();
    }

    private void Write(string line)
    {
        var value = new PSObject(line);
        value.Members.Add(new PSNoteProperty("InstanceName", target.Name));
        value.Members.Add(new PSNoteProperty("InstanceId", target.InstanceId));
        write(value);
    }

    private void Inform(string line) =>
        inform(new HostInformationMessage { Message = $"{target.Name}: {line}", NoNewLine = false }, ["PSHOST", "Fe2StandardError"]);
}
