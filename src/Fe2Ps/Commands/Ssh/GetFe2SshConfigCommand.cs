using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.SshConfig;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Machines for plain ssh, VS Code and PowerShell remoting, as blocks of ssh_config.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2SshConfig", DefaultParameterSetName = "Get", SupportsShouldProcess = true)]
[OutputType(typeof(SshConfigEntry))]
public sealed class GetFe2SshConfigCommand : Fe2Cmdlet
{
    private readonly Dictionary<SessionOptions, List<string>> _wanted = [];

    /// <summary>Names; wildcards select. Ids and instances are taken too.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Get")]
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Install")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The login user.</summary>
    [Parameter(ParameterSetName = "Get")]
    [Parameter(ParameterSetName = "Install")]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter(ParameterSetName = "Get")]
    [Parameter(ParameterSetName = "Install")]
    [LocalPath]
    public string? KeyFile { get; set; }

    /// <summary>Makes plain ssh know them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Install")]
    public SwitchParameter Install { get; set; }

    /// <summary>Makes plain ssh forget all of them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Uninstall")]
    public SwitchParameter Uninstall { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!_wanted.TryGetValue(Where, out List<string>? names)) _wanted[Where] = names = [];
        names.AddRange(Name);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, List<string> names) in _wanted)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                if (Uninstall) await UninstallAsync(session, stop).ConfigureAwait(false);
                else await MakeAsync(session, names, stop).ConfigureAwait(false);
            });
        }
    }

    private async Task MakeAsync(Fe2Session session, List<string> names, CancellationToken stop)
    {
        var query = new InstanceQuery(session);
        InstanceSelection found = await query.ResolveAsync(new InstanceSelector { Names = names }, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        bool isWhole = names.Contains("*", StringComparer.Ordinal);
        IReadOnlyList<Instance> all = isWhole
            ? found.Instances : (await query.ResolveAsync(new InstanceSelector { Names = ["*"] }, stop).ConfigureAwait(false)).Instances;
        // Machines that nobody named and that do not run are no news.
        IReadOnlyList<Instance> chosen = isWhole
            ? [.. found.Instances.Where(i => InstanceFacts.StateOf(i) == "running" && InstanceFacts.AddressOf(i) is not null)] : found.Instances;
        IReadOnlyList<SshConfigEntry> entries = await new SshConfigMaker(session, new SshConnector(), Pump)
            .MakeAsync(chosen, all, NullIfEmpty(KeyFile), NullIfEmpty(User), stop).ConfigureAwait(false);
        if (Install && found.Problems.Count < names.Count)
        {
            var install = new SshConfigInstall(session);
            string what = $"Include the blocks of {entries.Count} machines from {install.FilePath}";
            if (!await Pump.AskAsync(() => ShouldProcess(install.UserFile, what)).ConfigureAwait(false)) return;
            await install.InstallAsync(entries, isWhole, all.Select(i => i.InstanceId).ToHashSet(StringComparer.Ordinal), stop).ConfigureAwait(false);
        }

        foreach (SshConfigEntry entry in entries) await WriteAsync(entry).ConfigureAwait(false);
    }

    private async Task UninstallAsync(Fe2Session session, CancellationToken stop)
    {
        var install = new SshConfigInstall(session);
        if (!await Pump.AskAsync(() => ShouldProcess(install.UserFile, $"Take out the line for {install.FilePath}, and remove that file")).ConfigureAwait(false)) return;
        if (!await install.UninstallAsync(stop).ConfigureAwait(false))
            await Pump.DoAsync(() => WriteVerbose($"{install.UserFile} includes nothing of Fe2Ps.")).ConfigureAwait(false);
    }
}
