using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using Fe2Ps.Core.Backups;

namespace Fe2Ps.Completion;

/// <summary>How often snapshots can be taken.</summary>
public sealed class BackupIntervalCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        return BackupSchedule.Intervals.Select(h => string.Create(CultureInfo.InvariantCulture, $"{h}h"))
            .Where(h => h.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(h => CompletionWord.Result(h, h, null));
    }
}
