using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Runs a command on machines over ssh, on several at once.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "Fe2Command", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(RemoteResult))]
public sealed class InvokeFe2CommandCommand : InstanceValueCmdlet
{
    private readonly SshConnector _connector = new();
    private bool _isAlone;

    /// <summary>The command, for the login shell there.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>Arguments, quoted for the shell there.</summary>
    [Parameter(Position = 2)]
    [Alias("Args")]
    [ValidateNotNull]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    public string? KeyFile { get; set; }

    /// <summary>One object for each machine instead of lines.</summary>
    [Parameter]
    public SwitchParameter AsResult { get; set; }

    /// <summary>On how many machines at once.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int ThrottleLimit { get; set; } = 10;

    /// <inheritdoc/>
    private protected override (string Parameter, string? Given) Second => (nameof(Command), Command);

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        string command = ArgumentList.Length == 0 ? Value : $"{Value} {ShellQuote.Join(ArgumentList)}";
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, $"Run: {Value}").ConfigureAwait(false);
        _isAlone = IsOnlyPlace && instances.Count == 1;
        await Parallel.ForEachAsync(
            confirmed,
            new ParallelOptions { MaxDegreeOfParallelism = ThrottleLimit, CancellationToken = stop },
            async (instance, token) =>
            {
                try
                {
                    await Errors.GuardAsync(() => RunAsync(session, instance, command, token)).ConfigureAwait(false);
                }
                catch (Fe2Exception failure)
                {
                    // One machine that fails is no reason to stop the work on the others.
                    await WriteErrorAsync(failure).ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() =>
        "The connection is closed; a command that still runs there ends when it next writes. For long work use Invoke-Fe2Script, which needs no connection.";

    private async Task RunAsync(Fe2Session session, Instance instance, string command, CancellationToken stop)
    {
        long start = session.Clock.GetTimestamp();
        var access = new MachineAccess(session, _connector, Pump);
        SshTarget target = await access.TargetAsync(instance, NullIfEmpty(KeyFile), NullIfEmpty(User), stop).ConfigureAwait(false);
        await using ISshSession ssh = await access.OpenAsync(instance, target, stop).ConfigureAwait(false);
        var sink = new RemoteOutput(target, AsResult, Pump, WriteObject, WriteInformation);
        int code = await ssh.StreamAsync(command, sink.Add, null, stop).ConfigureAwait(false);
        sink.Finish();
        if (_isAlone) await Pump.DoAsync(() => SessionState.PSVariable.Set("global:LASTEXITCODE", code)).ConfigureAwait(false);
        if (AsResult)
            await WriteAsync(new RemoteResult(target.Name, target.InstanceId, code, sink.Output, sink.Error, session.Clock.GetElapsedTime(start))).ConfigureAwait(false);
        else if (code != 0)
            throw Failed(target, code, sink.LastError);
    }

    private static Fe2Exception Failed(SshTarget target, int code, string? lastError) => new(
        "RemoteCommandFailed", Fe2ErrorKind.OperationFailed,
        $"The command ended with exit code {code} on {target.Name}{(lastError is null ? "." : $": {lastError}")}",
        "-AsResult gives the exit code and all output as an object.", target.InstanceId);
}
