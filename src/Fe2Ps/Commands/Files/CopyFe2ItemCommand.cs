using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Copies files and folders between this computer and machines.</summary>
[Cmdlet(VerbsCommon.Copy, "Fe2Item", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(CopyResult))]
public sealed class CopyFe2ItemCommand : LoginCmdlet
{
    private readonly SshConnector _connector = new();
    private readonly CopySources _sources = new();

    /// <summary>What to copy: paths of this computer, or name:path. Wildcards select.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RemotePathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The same, with every character meaning itself.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath", "LP")]
    [ArgumentCompleter(typeof(RemotePathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Where to: name:path, or a path of this computer; several are each given a copy.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Path")]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "LiteralPath")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RemotePathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>Copies folders with all that is in them.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Compares what is there already by content, not by size and time.</summary>
    [Parameter]
    public SwitchParameter Checksum { get; set; }

    /// <summary>With how many machines at once.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int ThrottleLimit { get; set; } = 10;

    /// <summary>Gives an object for each machine.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == "LiteralPath";
        foreach (string text in isLiteral ? LiteralPath : Path)
        {
            Run(() =>
            {
                CopyPath path = CopyPath.Parse(text, IsDrive);
                if (path.Machine is not null) _sources.Remote.Add(path);
                else AddLocal(text, isLiteral);
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_sources.IsEmpty) return;
        SessionOptions where = Where;
        var options = new CopyOptions
        {
            Recurse = Recurse,
            ByContent = Checksum,
            IsLiteral = ParameterSetName == "LiteralPath",
            KeyFile = LoginKey,
            User = LoginUser,
        };
        (string Text, CopyPath Path)[] destinations = [.. Destination.Select(text => (text, Ending(CopyPath.Parse(text, IsDrive), text)))];
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            var errands = new CopyErrands(new FileCopy(session, _connector, options, Pump), new MachineNames(session), _sources);
            foreach ((string text, CopyPath path) in destinations)
            {
                foreach (Fe2Exception problem in await errands.AddAsync(text, path, stop).ConfigureAwait(false)) await WriteErrorAsync(problem).ConfigureAwait(false);
            }

            IReadOnlyList<CopyErrand> confirmed = await Pump.AskAsync<IReadOnlyList<CopyErrand>>(
                () => [.. errands.All.Where(e => ShouldProcess(e.Destination, $"Copy {e.Source}"))]).ConfigureAwait(false);
            await Parallel.ForEachAsync(
                confirmed, new ParallelOptions { MaxDegreeOfParallelism = ThrottleLimit, CancellationToken = stop },
                (errand, token) => new ValueTask(DoAsync(errand, session, where, token))).ConfigureAwait(false);
        });
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => "What has arrived stays; the same command goes on from there.";

    private async Task DoAsync(CopyErrand errand, Fe2Session session, SessionOptions where, CancellationToken stop)
    {
        try
        {
            CopyResult? result = null;
            await Errors.GuardAsync(async () => result = await errand.RunAsync(stop).ConfigureAwait(false)).ConfigureAwait(false);
            if (PassThru) await WriteAsync(Dressed.Dress(result!, "Fe2Ps.CopyResult", session, where)).ConfigureAwait(false);
        }
        catch (Fe2Exception failure)
        {
            // One machine that fails is no reason to stop the copies to the others.
            await WriteErrorAsync(failure).ConfigureAwait(false);
        }
    }

    private void AddLocal(string text, bool isLiteral)
    {
        ProviderInfo provider;
        IEnumerable<string> found = [];
        try
        {
            found = isLiteral
                ? [SessionState.Path.GetUnresolvedProviderPathFromPSPath(text, out provider, out _)]
                : SessionState.Path.GetResolvedProviderPathFromPSPath(text, out provider);
        }
        catch (SessionStateException missing) when (missing is ItemNotFoundException or System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            throw CopyErrors.LocalMissing(text);
        }

        if (provider.Name != "FileSystem") throw CopyErrors.NotAFile(text, provider.Name);
        _sources.HasPattern |= !isLiteral && WildcardPattern.ContainsWildcardCharacters(text);
        int before = _sources.Local.Count;
        foreach (string path in found) _sources.Local.Add(CopyItem.Here(path));
        if (_sources.Local.Count == before) WriteWarning($"Nothing matches {text}.");
    }

    /// <summary>A path of this computer in full; the slash at its end, which says that a folder is meant, stays.</summary>
    private CopyPath Ending(CopyPath path, string text)
    {
        if (path.Machine is not null) return path;
        string full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(text, out ProviderInfo provider, out _);
        if (provider.Name != "FileSystem") ThrowTerminatingError(CopyErrors.NotAFile(text, provider.Name).ToErrorRecord());
        return new CopyPath(null, text.EndsWith('/') || text.EndsWith('\\') ? full.TrimEnd('/', '\\') + "/" : full);
    }

    private bool IsDrive(string name) => (OperatingSystem.IsWindows() && name.Length == 1)
        || SessionState.Drive.GetAllForProvider("FileSystem").Any(d => d.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
