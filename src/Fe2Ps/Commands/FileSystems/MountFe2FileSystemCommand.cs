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

/// <summary>Mounts one shared file system on machines, and makes it where it does not exist.</summary>
[Cmdlet(VerbsData.Mount, "Fe2FileSystem", SupportsShouldProcess = true)]
[OutputType(typeof(FileSystemDescription))]
public sealed class MountFe2FileSystemCommand : FileSystemMachinesCmdlet
{
    private bool _begun;

    /// <summary>The folder on the machines.</summary>
    [Parameter(Position = 2)]
    [ValidateNotNullOrEmpty]
    public string? MountPoint { get; set; }

    /// <summary>Mounts it at each start of the machines.</summary>
    [Parameter]
    public SwitchParameter Persist { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> machines, CancellationToken stop)
    {
        bool exists = await new FileSystemQuery(session).TryGetAsync(Name, stop).ConfigureAwait(false) is not null;
        string action = $"{(exists ? "Mount" : "Create, and mount")} on {Labels(machines)}";
        if (!await Pump.AskAsync(() => ShouldProcess(Name, action)).ConfigureAwait(false)) return;
        _begun = true;
        FileSystemOutcome outcome = await new FileSystemMounter(session, new SshConnector()).MountAsync(
            Name, machines, NullIfEmpty(MountPoint), Persist, Pump, stop).ConfigureAwait(false);
        if (outcome.Machines.Count > 0) await WriteAsync(Dressed.FileSystem(outcome.FileSystem, session, where)).ConfigureAwait(false);
        foreach (Fe2Exception problem in outcome.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => _begun ? "Where it is mounted already, it stays; the same command goes on from there." : null;
}
