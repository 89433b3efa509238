using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Fe2Ps.Completion;
using Fe2Ps.Core.Tunnels;

namespace Fe2Ps.Commands;

/// <summary>Tunnels by the machines they lead to.</summary>
internal static class TunnelNames
{
    /// <summary>Those whose machine's name, or id, fits one of these.</summary>
    public static IReadOnlyList<Fe2Tunnel> Find(IEnumerable<string> names)
    {
        WildcardPattern[] patterns = [.. names.Select(n => new WildcardPattern(n, WildcardOptions.CultureInvariant))];
        return [.. TunnelRegistry.All.Where(t => patterns.Any(p => p.IsMatch(t.Name) || p.IsMatch(t.InstanceId)))];
    }
}

/// <summary>Completes the machines that tunnels lead to.</summary>
public sealed class TunnelNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        return TunnelRegistry.All.Select(t => t.Name).Distinct(StringComparer.Ordinal)
            .Where(n => n.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(n => CompletionWord.Result(n, n, null));
    }
}
