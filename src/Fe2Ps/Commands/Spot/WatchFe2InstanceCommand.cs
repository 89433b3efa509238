using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Tells what happens to instances, as it happens.</summary>
[Cmdlet(VerbsCommon.Watch, "Fe2Instance", DefaultParameterSetName = "Name")]
[OutputType(typeof(InstanceEvent))]
public sealed class WatchFe2InstanceCommand : InstanceCmdlet
{
    /// <summary>Ends when all instances are in this state.</summary>
    [Parameter]
    [ValidateSet("running", "stopped", "terminated")]
    public string? Until { get; set; }

    /// <summary>How long between two looks, seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int Interval { get; set; } = 5;

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        IAsyncEnumerable<InstanceEvent> events = new InstanceWatch(session).RunAsync(
            [.. instances.Select(i => i.InstanceId)], NullIfEmpty(Until), TimeSpan.FromSeconds(Interval), stop);
        await foreach (InstanceEvent happened in events.WithCancellation(stop).ConfigureAwait(false))
            await WriteAsync(Dressed.Dress(happened, "Fe2Ps.InstanceEvent", session, where)).ConfigureAwait(false);
    }
}
