using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Fe2Ps.Completion;

/// <summary>Whose images there are.</summary>
public sealed class ImageOwnerCompleter : IArgumentCompleter
{
    private static readonly (string Owner, string Tip)[] Owners =
    [
        ("self", "this account"), ("amazon", "Amazon and its partners"), ("canonical", "Canonical, who makes Ubuntu"), ("aws-marketplace", "sellers of the AWS Marketplace"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        return Owners.Where(o => o.Owner.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(o => CompletionWord.Result(o.Owner, o.Owner, o.Tip));
    }
}
