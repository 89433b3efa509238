using System.Management.Automation;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Dismounts a shared file system on machines; it goes on costing until it is removed.</summary>
[Cmdlet(VerbsData.Dismount, "Fe2FileSystem", SupportsShouldProcess = true)]
[OutputType(typeof(FileSystemDescription))]
public sealed class DismountFe2FileSystemCommand : FileSystemMachinesCmdlet
{
    private bool _begun;

    /// <summary>Hands the file system on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> machines, CancellationToken stop)
    {
        FileSystemSelection found = await new FileSystemQuery(session).ResolveAsync([Name], stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        foreach (FileSystemDescription system in found.FileSystems)
        {
            if (!await Pump.AskAsync(() => ShouldProcess(FileSystemFacts.Label(system), $"Dismount on {Labels(machines)}")).ConfigureAwait(false)) continue;
            _begun = true;
            FileSystemOutcome outcome = await new FileSystemMounter(session, new SshConnector()).DismountAsync(system, machines, Pump, stop).ConfigureAwait(false);
            if (PassThru && outcome.Problems.Count < machines.Count) await WriteAsync(Dressed.FileSystem(system, session, where)).ConfigureAwait(false);
            foreach (Fe2Exception problem in outcome.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => _begun ? "Where it is dismounted already, it stays so; the same command goes on from there." : null;
}
