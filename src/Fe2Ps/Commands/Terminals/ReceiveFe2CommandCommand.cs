using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Terminals;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Reads the screen of a tmux session of machines.</summary>
[Cmdlet(VerbsCommunications.Receive, "Fe2Command", DefaultParameterSetName = "Name")]
[OutputType(typeof(string))]
public sealed class ReceiveFe2CommandCommand : InstanceCmdlet
{
    private readonly SshConnector _connector = new();

    /// <summary>The tmux session's whole name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TerminalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>How many lines above the screen.</summary>
    [Parameter]
    [ValidateRange(0, 100_000)]
    public int History { get; set; }

    /// <summary>Hands over what is added, until the session ends.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    [LocalPath]
    public string? KeyFile { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        var runner = new CommandRunner(session, _connector, NullIfEmpty(KeyFile), NullIfEmpty(User), Pump);
        await CommandRunner.ForEachAsync(
            instances, CommandRunner.UsualThrottle,
            (instance, token) => Errors.GuardAsync(async () =>
            {
                await using ISshSession ssh = await runner.OpenAsync(instance, token).ConfigureAwait(false);
                var origin = new Origin(ssh.Target);
                var terminal = new TmuxTerminal(ssh);
                if (Follow)
                {
                    await terminal.FollowAsync(Session, History, (name, lines) => WriteAsync(origin, name, lines), token).ConfigureAwait(false);
                    return;
                }

                Screen screen = await terminal.ShowAsync(Session, History, token).ConfigureAwait(false);
                await WriteAsync(origin, screen.Session, screen.Lines).ConfigureAwait(false);
            }),
            (_, failure) => WriteErrorAsync(failure), stop).ConfigureAwait(false);
    }

    private Task WriteAsync(Origin origin, string session, IReadOnlyList<string> lines) => Pump.DoAsync(() =>
    {
        foreach (string line in lines)
        {
            PSObject marked = origin.MarkFresh(line);
            marked.Properties.Add(new PSNoteProperty("Session", session), preValidated: true);
            WriteObject(marked);
        }
    });
}
