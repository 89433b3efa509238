using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Fe2Ps.Core.Regions;

namespace Fe2Ps.Completion;

/// <summary>Completes regions by code, place or any part of the friendly name, without any network.</summary>
public sealed class RegionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        return RegionCatalogue.All
            .Where(r => r.Code.StartsWith(word, StringComparison.OrdinalIgnoreCase) || r.LongName.Contains(word, StringComparison.OrdinalIgnoreCase))
            .OrderBy(r => r.Code, StringComparer.Ordinal)
            .Select(r => new CompletionResult(r.Code, $"{r.Code}  {r.Place}", CompletionResultType.ParameterValue, r.LongName));
    }
}
