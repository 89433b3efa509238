using System.Management.Automation;
using Amazon.AutoScaling.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The Auto Scaling groups of a region.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Group")]
[OutputType(typeof(AutoScalingGroup))]
public sealed class GetFe2GroupCommand : GroupCmdlet
{
    /// <summary>Names; wildcards select.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [Alias("AutoScalingGroupName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [GroupName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => AddOrAll(Name);

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        GroupSelection found = await new GroupQuery(session).ListAsync(names, stop).ConfigureAwait(false);
        foreach (AutoScalingGroup group in found.Groups) await WriteAsync(Dressed.Group(group, session, where)).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }
}
