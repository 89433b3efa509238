using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that works in a region of an account: <c>-Region -ProfileName -EndpointUrl</c>, also by property name.</summary>
public abstract class Fe2Cmdlet : AsyncCmdlet
{
    private readonly Dictionary<SessionOptions, Fe2Session> _sessions = [];

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

    /// <summary>Where the record at hand is to be worked on. For the pipeline thread.</summary>
    private protected SessionOptions Where => new(
        NullIfEmpty(Region), NullIfEmpty(ProfileName), NullIfEmpty(EndpointUrl) ?? Sandbox());

    private string? Sandbox()
    {
        try
        {
            return Here.SandboxEndpoint;
        }
        catch (Fe2Exception failure)
        {
            // Nothing at all may be done in a place that was perhaps not meant.
            ThrowTerminatingError(failure.ToErrorRecord());
            throw;
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
}
