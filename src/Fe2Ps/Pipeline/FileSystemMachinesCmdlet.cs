using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet about one shared file system on several machines. The machines of a pipeline are gathered and acted on together.</summary>
public abstract class FileSystemMachinesCmdlet : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>The file system, by name or id.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("FileSystemId")]
    [ArgumentCompleter(typeof(FileSystemNameCompleter))]
    [FileSystemName]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The machines.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [Alias("InstanceId")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Instance { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => _batches.Add(Where, Instance);

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                InstanceSelection found = await new InstanceQuery(session).ResolveAsync(new InstanceSelector { Names = names }, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
                if (found.Instances.Count > 0) await Errors.GuardAsync(() => ActAsync(session, where, found.Instances, stop)).ConfigureAwait(false);
            });
        }
    }

    /// <summary>What the cmdlet does on all machines of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> machines, CancellationToken stop);

    /// <summary>How the machines are called.</summary>
    private protected static string Labels(IReadOnlyList<Instance> machines) => string.Join(", ", machines.Select(InstanceFacts.Label));
}
