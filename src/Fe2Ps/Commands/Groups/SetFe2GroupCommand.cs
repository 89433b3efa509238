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

/// <summary>Changes the number of machines of groups, their types, and how many are spot.</summary>
[Cmdlet(VerbsCommon.Set, "Fe2Group", SupportsShouldProcess = true)]
[OutputType(typeof(AutoScalingGroup))]
public sealed class SetFe2GroupCommand : GroupCmdlet
{
    private GroupChange _change = new();

    /// <summary>Names; wildcards select.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("AutoScalingGroupName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [GroupName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>The number to keep.</summary>
    [Parameter(Position = 1)]
    public int? Desired { get; set; }

    /// <summary>The least number.</summary>
    [Parameter]
    public int? Min { get; set; }

    /// <summary>The largest number.</summary>
    [Parameter]
    public int? Max { get; set; }

    /// <summary>The share of spot machines above the base, such as 70%.</summary>
    [Parameter]
    public string? Spot { get; set; }

    /// <summary>How many machines are on-demand before the share of spot counts.</summary>
    [Parameter]
    [ValidateRange(0, 1000)]
    public int? OnDemandBase { get; set; }

    /// <summary>The types to choose from, the preferred one first.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? InstanceType { get; set; }

    /// <summary>Waits until as many machines are in service.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait, seconds.</summary>
    [Parameter]
    [ValidateRange(1, 24 * 3600)]
    public int Timeout { get; set; } = 600;

    /// <summary>Hands the groups on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Run(() =>
    {
        _change = new GroupChange
        {
            Min = Min,
            Desired = Desired,
            Max = Max,
            SpotPercent = NullIfEmpty(Spot) is { } share ? SpotShare.Parse(share) : null,
            OnDemandBase = OnDemandBase,
            InstanceTypes = InstanceType,
        };
        Add(Name);
    });

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        GroupSelection found = await new GroupQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        var changes = new GroupChanges(session, new SshConnector());
        foreach (AutoScalingGroup group in found.Groups)
        {
            try
            {
                if (!await Pump.AskAsync(() => ShouldProcess(group.AutoScalingGroupName, "Change the group")).ConfigureAwait(false)) continue;
                AutoScalingGroup changed = await changes.ChangeAsync(group, _change, stop).ConfigureAwait(false);
                if (Wait) changed = await changes.WaitAsync(changed, TimeSpan.FromSeconds(Timeout), Pump, stop).ConfigureAwait(false);
                if (PassThru) await WriteAsync(Dressed.Group(changed, session, where)).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                await WriteErrorAsync(failure).ConfigureAwait(false);
            }
        }
    }
}
