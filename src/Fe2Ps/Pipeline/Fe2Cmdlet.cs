using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>
/// What all cmdlets share: where to work (<c>-Region -ProfileName -EndpointUrl</c>), the pump, and failures as error
/// records. A failure is an error of its record and obeys -ErrorAction; the pipeline goes on with the next one.
/// </summary>
public abstract class Fe2Cmdlet : PSCmdlet
{
    private readonly Dictionary<SessionOptions, Fe2Session> _sessions = [];
    private RunspaceState? _state;
    private PipelinePump? _pump;

    /// <summary>The region, by code or friendly name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string? Region { get; set; }

    /// <summary>The profile of <c>~/.aws</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    public string? ProfileName { get; set; }

    /// <summary>Another EC2 than AWS's own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? EndpointUrl { get; set; }

    private protected PipelinePump Pump => _pump ??= new PipelinePump(this) { Notice = StopNotice };

    private protected RunspaceState State => _state ??= RunspaceState.Current;

    /// <summary>Where the record at hand is to be worked on.</summary>
    private protected SessionOptions Where => new(
        NullIfEmpty(Region), NullIfEmpty(ProfileName), NullIfEmpty(EndpointUrl) ?? State.SandboxEndpoint);

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        // Taken on the pipeline thread: other threads belong to no session.
        _state = RunspaceState.Current;
        Begin();
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => Pump.Stop();

    /// <summary>What a cmdlet does before the first record.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>What to say after Ctrl+C: what is running, and how to go on. Null where nothing was begun.</summary>
    private protected virtual string? StopNotice() => null;

    /// <summary>Runs asynchronous work; a failure becomes an error record.</summary>
    private protected void Run(Func<CancellationToken, Task> work)
    {
        try
        {
            Pump.Run(work);
        }
        catch (Fe2Exception failure)
        {
            WriteError(failure.ToErrorRecord());
        }
    }

    /// <summary>Opens a session; -Debug says where each setting came from.</summary>
    private protected async Task<Fe2Session> OpenAsync(SessionOptions where, CancellationToken cancellationToken)
    {
        if (_sessions.TryGetValue(where, out Fe2Session? known)) return known;
        Fe2Session session = await Fe2Session.OpenAsync(where, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (SettingSource source in session.Sources)
            await Pump.DoAsync(() => WriteDebug($"{source.Setting}: {source.Value} ({source.Source})")).ConfigureAwait(false);
        return _sessions[where] = session;
    }

    private protected Task WriteAsync(object? value) => Pump.DoAsync(() => WriteObject(value));

    private protected Task WriteErrorAsync(Fe2Exception failure) => Pump.DoAsync(() => WriteError(failure.ToErrorRecord()));

    private protected static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
