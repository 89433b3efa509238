using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Views;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that acts on volumes.</summary>
public abstract class VolumeActionCmdlet : StorageCmdlet
{
    /// <inheritdoc/>
    private protected sealed override StorageKind Kind => StorageKind.Volume;

    /// <inheritdoc/>
    private protected sealed override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        VolumeSelection found = await new VolumeQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        if (found.Volumes.Count > 0) await ActAllAsync(session, where, found.Volumes, stop).ConfigureAwait(false);
    }

    /// <summary>Whether to go on with a volume, and how that is called.</summary>
    private protected abstract string Action { get; }

    /// <summary>What is done with one volume.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop);

    /// <summary>One after the other; one that fails is an error record and does not hold up the rest.</summary>
    private protected virtual async Task ActAllAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Volume> volumes, CancellationToken stop)
    {
        foreach (Volume volume in volumes)
        {
            try
            {
                if (await Pump.AskAsync(() => ShouldProcess(VolumeFacts.Label(volume), Action)).ConfigureAwait(false))
                    await Errors.GuardAsync(() => ActAsync(session, where, volume, stop)).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                await WriteErrorAsync(failure).ConfigureAwait(false);
            }
        }
    }

    private protected Task WriteAsync(Volume volume, Fe2Session session, SessionOptions where) => WriteAsync(Dressed.Volume(volume, session, where));
}

/// <summary>A cmdlet that acts on volumes, named by name, by id or as objects.</summary>
public abstract class VolumeCmdlet : VolumeActionCmdlet
{
    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeNameCompleter))]
    [VolumeName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] VolumeId { get; set; } = [];

    /// <summary>Volumes as Get-Fe2Volume gives them, or names.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Volume")]
    [ValidateNotNullOrEmpty]
    public PSObject[] Volume { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Take(Name, VolumeId, Volume);
}

/// <summary>
/// A cmdlet with two forms: <c>Verb-Noun NAME VALUE</c>, and <c>... | Verb-Noun VALUE</c>, as <see cref="InstanceValueCmdlet"/>.
/// </summary>
public abstract class VolumeValueCmdlet : VolumeActionCmdlet
{
    private string[] _names = [];

    /// <summary>Names; wildcards select. Ids are taken too. With volumes from the pipeline, the value may stand here.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeNameCompleter))]
    [VolumeName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Volumes, or names, from the pipeline.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>The value that was meant, wherever it stood.</summary>
    private protected string Value { get; private set; } = "";

    /// <summary>The value as its own parameter has it, and that parameter's name; and whether it may be left out.</summary>
    private protected abstract (string Parameter, string? Given, bool IsOptional) Second { get; }

    /// <inheritdoc/>
    private protected override void Begin()
    {
        bool piped = MyInvocation.ExpectingInput;
        (string parameter, string? given, bool isOptional) = Second;
        (_names, string? value) = piped && given is null && Name is [var only] ? ([], only) : (Name, given);
        if ((value is null && !isOptional) || (_names.Length == 0 && !piped))
        {
            ThrowTerminatingError(new Fe2Exception(
                _names.Length == 0 && !piped ? "VolumeMissing" : parameter + "Missing", Fe2ErrorKind.InvalidArgument,
                isOptional ? "A volume is needed." : $"Both a volume and -{parameter} are needed.",
                $"{MyInvocation.MyCommand.Name} NAME {parameter.ToUpperInvariant()}, or Get-Fe2Volume NAME | {MyInvocation.MyCommand.Name} {parameter.ToUpperInvariant()}.").ToErrorRecord());
        }

        Value = value ?? "";
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        Take(_names, InputObject);

        // The names of the command line count once, not once for each record.
        _names = [];
    }
}
