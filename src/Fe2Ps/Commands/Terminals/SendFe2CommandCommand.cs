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
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Types into a tmux session of machines.</summary>
[Cmdlet(VerbsCommunications.Send, "Fe2Command", SupportsShouldProcess = true)]
[OutputType(typeof(TerminalInfo))]
public sealed class SendFe2CommandCommand : InstanceValueCmdlet
{
    private readonly SshConnector _connector = new();

    /// <summary>The text.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>The tmux session's whole name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TerminalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Keys after the text.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Key { get; set; }

    /// <summary>The Enter key is not pressed after the text.</summary>
    [Parameter]
    public SwitchParameter NoEnter { get; set; }

    /// <summary>A session that does not exist is made.</summary>
    [Parameter]
    public SwitchParameter Create { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    [LocalPath]
    public string? KeyFile { get; set; }

    /// <summary>Says which session it was.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    // Keys, or a session to make, are enough: then there need not be any text.
    private protected override (string Parameter, string? Given) Second => (nameof(Command), Command ?? (Key is not null || Create ? "" : null));

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        string[] keys = Key ?? [];
        string? text = Value.Length == 0 ? null : NoEnter ? Value : Value + "\n";
        string action = $"Type {(text is null ? string.Join(' ', keys) : Value)} into {(Session is null ? "its tmux session" : $"the tmux session {Session}")}";
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, action).ConfigureAwait(false);
        var runner = new CommandRunner(session, _connector, NullIfEmpty(KeyFile), NullIfEmpty(User), Pump);
        await CommandRunner.ForEachAsync(
            confirmed, CommandRunner.UsualThrottle,
            (instance, token) => Errors.GuardAsync(async () =>
            {
                await using ISshSession ssh = await runner.OpenAsync(instance, token).ConfigureAwait(false);
                string name = await new TmuxTerminal(ssh).TypeAsync(Session, text, keys, Create, token).ConfigureAwait(false);
                if (PassThru) await WriteAsync(Dressed.Dress(new TerminalInfo(InstanceFacts.NameOf(instance) ?? instance.InstanceId, instance.InstanceId, name), "Fe2Ps.Terminal", session, where)).ConfigureAwait(false);
            }),
            (_, failure) => WriteErrorAsync(failure), stop).ConfigureAwait(false);
    }
}
