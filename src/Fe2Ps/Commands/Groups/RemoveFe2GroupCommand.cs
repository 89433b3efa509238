using System.Management.Automation;
using Amazon.AutoScaling.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Removes groups with their machines and all that was made for them.</summary>
[Cmdlet(VerbsCommon.Remove, "Fe2Group", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(AutoScalingGroup))]
public sealed class RemoveFe2GroupCommand : GroupCmdlet
{
    /// <summary>Names; wildcards select.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("AutoScalingGroupName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [GroupName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Hands the removed groups on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Add(Name);

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        var removal = new GroupRemoval(session, new SshConnector());
        GroupRemovalSelection found = await removal.SelectAsync(names, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        List<(string Name, AutoScalingGroup? Group)> confirmed = await Pump.AskAsync<List<(string, AutoScalingGroup?)>>(() =>
        [
            .. found.Groups.Where(g => ShouldProcess(g.AutoScalingGroupName, $"Terminate its {g.Instances.Count} machines, with their root disks, and delete the group"))
                .Select(g => (g.AutoScalingGroupName, (AutoScalingGroup?)g)),
            .. found.Rests.Where(n => ShouldProcess(n, "Delete what is left of the group")).Select(n => (n, (AutoScalingGroup?)null)),
        ]).ConfigureAwait(false);

        // A group takes minutes to end; several end at once.
        await Task.WhenAll(confirmed.Select(c => RemoveAsync(removal, c.Name, c.Group, session, where, stop))).ConfigureAwait(false);
    }

    private async Task RemoveAsync(
        GroupRemoval removal, string name, AutoScalingGroup? group, Fe2Session session, SessionOptions where, CancellationToken stop)
    {
        try
        {
            await removal.RemoveAsync(name, Pump, stop).ConfigureAwait(false);
            if (PassThru && group is not null) await WriteAsync(Dressed.Group(group, session, where)).ConfigureAwait(false);
        }
        catch (Fe2Exception failure)
        {
            await WriteErrorAsync(failure).ConfigureAwait(false);
        }
    }
}
