using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Fe2Ps.Completion;

/// <summary>By what costs can be summed, apart from tags.</summary>
public sealed class CostGroupCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        return new[] { "Name", "Kind", "Owner", "Region" }.Where(g => g.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(g => CompletionWord.Result(g, g, null));
    }
}
