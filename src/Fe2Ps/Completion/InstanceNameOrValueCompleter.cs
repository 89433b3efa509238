using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Fe2Ps.Completion;

/// <summary>
/// Completes what stands first after a cmdlet with two forms: the name of an instance, or with instances from the pipeline
/// its value.
/// </summary>
public sealed class InstanceNameOrValueCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        if (commandAst?.Parent is not PipelineAst pipeline || pipeline.PipelineElements[0] == commandAst)
            return new InstanceNameCompleter().CompleteArgument(commandName, parameterName, wordToComplete, commandAst!, fakeBoundParameters);
        return (commandName ?? "").EndsWith("Fe2InstanceType", StringComparison.OrdinalIgnoreCase)
            ? new InstanceTypeCompleter().CompleteArgument(commandName!, "InstanceType", wordToComplete, commandAst, fakeBoundParameters)
            : [];
    }
}
