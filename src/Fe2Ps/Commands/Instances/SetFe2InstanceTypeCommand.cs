using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Gives stopped instances another type.</summary>
[Cmdlet(VerbsCommon.Set, "Fe2InstanceType", SupportsShouldProcess = true)]
[OutputType(typeof(Instance))]
public sealed class SetFe2InstanceTypeCommand : InstanceValueCmdlet
{
    /// <summary>The new type.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? InstanceType { get; set; }

    /// <summary>Hands the instances on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override (string Parameter, string? Given) Second => (nameof(InstanceType), InstanceType);

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, $"Make it a {Value}").ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        InstanceSelection done = await new InstanceTypeChange(session).SetAsync(confirmed, Value, stop).ConfigureAwait(false);
        await FinishAsync(done, session, where, PassThru).ConfigureAwait(false);
    }
}
