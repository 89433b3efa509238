using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Views;

namespace Fe2Ps.Pipeline;

/// <summary>
/// A cmdlet that acts on instances. Records are gathered and acted on together at the end, so that a thousand instances
/// down a pipeline are one call.
/// </summary>
public abstract class InstanceActionCmdlet : Fe2Cmdlet
{
    private readonly InstanceBatches _batches = new();

    /// <summary>True where all that was named is in one place.</summary>
    private protected bool IsOnlyPlace => _batches.All.Count == 1;

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach (InstanceBatch batch in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(batch.Where, stop).ConfigureAwait(false);
                IReadOnlyList<Instance> instances = await FindAsync(session, batch, stop).ConfigureAwait(false);
                if (instances.Count > 0) await ActAsync(session, batch.Where, instances, stop).ConfigureAwait(false);
            });
        }
    }

    /// <summary>Adds what one record names.</summary>
    private protected void Add(IReadOnlyCollection<string> namesOrIds, IReadOnlyCollection<Instance> instances) => _batches.Add(Where, namesOrIds, instances);

    /// <summary>Adds what came down the pipeline: an instance, the name or id of one, or anything that has an <c>InstanceId</c>.</summary>
    private protected void AddPiped(PSObject? input)
    {
        switch (input?.BaseObject)
        {
            case Instance instance: Add([], [instance]); break;
            case string name: Add([name], []); break;
            default:
                if (input?.Properties["InstanceId"]?.Value is string id) Add([id], []);
                else WriteError(NoInstance(input).ToErrorRecord());
                break;
        }
    }

    /// <summary>What the cmdlet does with all instances of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop);

    /// <summary>Asks whether to go on, once for each instance.</summary>
    private protected Task<IReadOnlyList<Instance>> ConfirmedAsync(IReadOnlyList<Instance> instances, string action) =>
        Pump.AskAsync<IReadOnlyList<Instance>>(() => [.. instances.Where(i => ShouldProcess(InstanceFacts.Label(i), action))]);

    /// <summary>Tells what could not be done, and hands on what was.</summary>
    private protected async Task FinishAsync(InstanceSelection done, Fe2Session session, SessionOptions where, bool passThru)
    {
        if (passThru)
        {
            await Pump.DoAsync(() =>
            {
                foreach (Instance instance in done.Instances) WriteObject(Dressed.Instance(instance, session, where));
            }).ConfigureAwait(false);
        }

        foreach (Fe2Exception problem in done.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }

    private static Fe2Exception NoInstance(PSObject? input) => new(
        "NotAnInstance", Fe2ErrorKind.InvalidArgument, $"{Texts.Quoted(input)} is neither an instance nor the name of one.",
        "Pipe in what Get-Fe2Instance gives.", input);

    private async Task<IReadOnlyList<Instance>> FindAsync(Fe2Session session, InstanceBatch batch, CancellationToken stop)
    {
        if (batch.Names.Count == 0) return [.. batch.Instances.DistinctBy(i => i.InstanceId)];
        InstanceSelection found = await new InstanceQuery(session).ResolveAsync(new InstanceSelector { Names = batch.Names }, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        return [.. batch.Instances.Concat(found.Instances).DistinctBy(i => i.InstanceId)];
    }
}
