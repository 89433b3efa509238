using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Terminals;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Completion;

/// <summary>Names of the tmux sessions of the machine that the command line names.</summary>
public sealed class TerminalCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string? sandbox = null;
        if (Text(fakeBoundParameters, "Name") is not { } machine || WildcardPattern.ContainsWildcardCharacters(machine)
            || (Text(fakeBoundParameters, "EndpointUrl") is null && !RunspaceState.Current.TryGetSandbox(out sandbox)))
            return [];
        var where = new SessionOptions(
            Text(fakeBoundParameters, "Region"), Text(fakeBoundParameters, "ProfileName"), Text(fakeBoundParameters, "EndpointUrl") ?? sandbox);
        IReadOnlyList<string> names = TerminalNames.CompleteAsync(machine, CompletionWord.Bare(wordToComplete), where).GetAwaiter().GetResult();
        return names.Select(name => CompletionWord.Result(name, name, null));
    }

    private static string? Text(IDictionary bound, string name) => bound?[name] switch
    {
        object[] { Length: > 0 } several => several[0]?.ToString(),
        { } one when one.ToString() is { Length: > 0 } text => text,
        _ => null,
    };
}

/// <summary>Keys that terminals know.</summary>
public sealed class KeyCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        return TmuxKey.Common.Where(k => k.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(k => CompletionWord.Result(k, k, null));
    }
}
