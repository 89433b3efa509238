using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Views;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that acts on volumes. What a pipeline names in one place is asked for together, once.</summary>
public abstract class VolumeActionCmdlet : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                VolumeSelection found = await new VolumeQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
                await ActAllAsync(session, where, found.Volumes, stop).ConfigureAwait(false);
            });
        }
    }

    /// <summary>Adds names or ids.</summary>
    private protected void Add(params IEnumerable<string> names) => _batches.Add(Where, names);

    /// <summary>Adds what came down the pipeline: a volume, the name or id of one. A snapshot has the id of a volume too, and is none.</summary>
    private protected void AddPiped(PSObject input)
    {
        switch (input.BaseObject)
        {
            case Volume volume: Add(volume.VolumeId); break;
            case string name: Add(name); break;
            default:
                if (input.BaseObject is not Snapshot && input.Properties["VolumeId"]?.Value is string { Length: > 0 } id) Add(id);
                else WriteError(NoVolume(input).ToErrorRecord());
                break;
        }
    }

    /// <summary>Whether to go on with a volume, and how that is called.</summary>
    private protected abstract string Action { get; }

    /// <summary>What is done with one volume.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop);

    /// <summary>One after the other; one that fails is an error record and does not hold up the rest.</summary>
    private async Task ActAllAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Volume> volumes, CancellationToken stop)
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

    internal static Fe2Exception NoVolume(PSObject input) => new(
        "NotAVolume", Fe2ErrorKind.InvalidArgument, $"'{input}' is neither a volume nor the name of one.", "Pipe in what Get-Fe2Volume gives.", input);
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
    protected sealed override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Volume": Array.ForEach(Volume, AddPiped); break;
            case "Id": Add(VolumeId); break;
            default: Add(Name); break;
        }
    }
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
        Add(_names);
        if (InputObject is not null) AddPiped(InputObject);

        // The names of the command line count once, not once for each record.
        _names = [];
    }
}
