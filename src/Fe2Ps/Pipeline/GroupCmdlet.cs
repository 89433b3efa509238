using System.Management.Automation;
using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>Lets a group stand for its name: <c>Remove-Fe2Group $group</c>.</summary>
public sealed class GroupNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as AutoScalingGroup)?.AutoScalingGroupName;
}

/// <summary>A cmdlet that acts on groups, named by name or as objects. Records are gathered and acted on together at the end.</summary>
public abstract class GroupCmdlet : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
            Run(async stop => await ActAsync(await OpenAsync(where, stop).ConfigureAwait(false), where, names, stop).ConfigureAwait(false));
    }

    /// <summary>Adds names.</summary>
    private protected void Add(IReadOnlyCollection<string> names) => _batches.Add(Where, names);

    /// <summary>Adds names; without any, all groups are meant. For cmdlets that only look.</summary>
    private protected void AddOrAll(IReadOnlyCollection<string> names) => _batches.AddOrAll(Where, names);

    /// <summary>What the cmdlet does with all groups of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop);
}
