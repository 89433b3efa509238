using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;

namespace Fe2Ps.Pipeline;

/// <summary>
/// A cmdlet with two forms: <c>Verb-Noun NAME VALUE</c>, and <c>... | Verb-Noun VALUE</c>. Parameter sets cannot tell them
/// apart, since a name and a value are both text in the first place; the pipeline can.
/// </summary>
public abstract class InstanceValueCmdlet : InstanceActionCmdlet
{
    private string[] _names = [];

    /// <summary>Names; wildcards select. Ids are taken too. With instances from the pipeline, the value may stand here.</summary>
    [Parameter(Position = 0)]
    [Alias("Instance")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameOrValueCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Instances, or names, from the pipeline.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>The value that was meant, wherever it stood.</summary>
    private protected string Value { get; private set; } = "";

    /// <summary>The value as its own parameter has it, and that parameter's name.</summary>
    private protected abstract (string Parameter, string? Given) Second { get; }

    /// <inheritdoc/>
    private protected override void Begin()
    {
        bool piped = MyInvocation.ExpectingInput;
        (string parameter, string? given) = Second;
        (_names, string? value) = piped && given is null && Name is [var only] ? ([], only) : (Name, given);
        if (value is null || (_names.Length == 0 && !piped))
        {
            ThrowTerminatingError(new Fe2Exception(
                parameter + "Missing", Fe2ErrorKind.InvalidArgument, $"Both an instance and -{parameter} are needed.",
                $"{MyInvocation.MyCommand.Name} NAME {parameter.ToUpperInvariant()}, or Get-Fe2Instance NAME | {MyInvocation.MyCommand.Name} {parameter.ToUpperInvariant()}.").ToErrorRecord());
        }

        Value = value!;
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        Add(_names, []);
        if (MyInvocation.ExpectingInput || InputObject is not null) AddPiped(InputObject);

        // The names of the command line count once, not once for each record.
        _names = [];
    }
}
