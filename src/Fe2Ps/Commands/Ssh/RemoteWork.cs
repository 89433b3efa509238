using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>One command on its way to machines: what to run, and what becomes of its output. The same for the pipeline and for a job.</summary>
internal sealed class RemoteWork(
    Fe2Session session, ISshConnector connector, string? keyFile, string? user, RemoteCommand command, bool asResult)
{
    private const string ResultType = "Fe2Ps.RemoteResult";

    private CommandRunner? _runner;

    /// <summary>Makes what reads a machine's standard output.</summary>
    public required Func<Origin, IRemoteDecoder> MakeDecoder { get; init; }

    /// <summary>Where the machines are, as result objects tell it.</summary>
    public required SessionOptions Where { get; init; }

    /// <summary>The file for each instance's standard output, or null.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    /// <summary>Runs the command on one machine.</summary>
    /// <param name="instance">The machine.</param>
    /// <param name="report">Gets what is worth knowing besides.</param>
    /// <param name="sink">Takes what it writes.</param>
    /// <param name="ended">Told the exit code.</param>
    /// <param name="stop">Closes the connection.</param>
    /// <exception cref="Fe2Exception"><c>RemoteCommandFailed</c>: an exit code other than 0, unless a result object tells it; <c>RemotePowerShellMissing</c>; the ssh room's own.</exception>
    public async Task RunAsync(Instance instance, IProgress<Fe2Report> report, RemoteSink sink, Func<int, Task> ended, CancellationToken stop)
    {
        long start = session.Clock.GetTimestamp();
        CommandRunner runner = _runner ??= new CommandRunner(session, connector, keyFile, user, report);
        await using ISshSession ssh = await runner.OpenAsync(instance, stop).ConfigureAwait(false);
        var origin = new Origin(ssh.Target);
        await using FileStream? file = Files is null ? null : OutputFiles.Open(Files[instance.InstanceId]);
        IRemoteDecoder decoder = MakeDecoder(origin);
        var output = new RemoteOutput(origin, decoder, sink with { Collect = asResult, File = file });
        using Stream? input = command.OpenInput();
        int code = await output.RunAsync(take => ssh.StreamAsync(command.Text, take, input, stop), stop).ConfigureAwait(false);
        await ended(code).ConfigureAwait(false);
        if (code == 127 && output.LastError == RemoteCommand.NoPowerShell) throw RemoteScriptBlock.NoPowerShell(origin.Name, origin.InstanceId);
        string? ending = (decoder as ObjectDecoder)?.Ending ?? output.LastError;
        if (asResult)
        {
            if ((decoder as ObjectDecoder)?.Ending is { } end) output.Error.Add(end);
            var result = new RemoteResult(origin.Name, origin.InstanceId, code, output.Output, output.Error, session.Clock.GetElapsedTime(start));
            await sink.TakeAsync([new RemoteRecord(RemoteStream.Output, Dressed.Dress(result, ResultType, session, Where))]).ConfigureAwait(false);
        }
        else if (code != 0)
        {
            throw Failed(origin, code, ending);
        }
    }

    private static Fe2Exception Failed(Origin origin, int code, string? lastError) => new(
        "RemoteCommandFailed", Fe2ErrorKind.OperationFailed,
        $"The command ended with exit code {code} on {origin.Name}{(lastError is null ? "." : $": {lastError}")}",
        "-AsResult gives the exit code and all output as an object.", origin.InstanceId);
}
