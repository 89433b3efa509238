using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Completion;

/// <summary>Completes a path of either end: names of machines with a colon and files of this computer, and after <c>name:</c> what the machine has.</summary>
public sealed class RemotePathCompleter : IArgumentCompleter
{
    private static readonly SshConnector Connector = new();

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = CompletionWord.Bare(wordToComplete);
        if (CopyPath.Parse(word).Machine is null)
        {
            IEnumerable<CompletionResult> machines = word.AsSpan().IndexOfAny('/', '\\') >= 0 || word.StartsWith('.')
                ? []
                : new InstanceNameCompleter().CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters)
                    .Select(m => CompletionWord.Result(m.ListItemText + ":", m.ListItemText + ":", null));
            return [.. machines, .. CompletionCompleters.CompleteFilename(wordToComplete ?? "")];
        }

        string? sandbox = null;
        string? endpoint = Text(fakeBoundParameters, "EndpointUrl");
        if (endpoint is null && !RunspaceState.Current.TryGetSandbox(out sandbox)) return [];
        var where = new SessionOptions(Text(fakeBoundParameters, "Region"), Text(fakeBoundParameters, "ProfileName"), endpoint ?? sandbox);
        return RemotePathCompletion.CompleteAsync(word, Connector, where).GetAwaiter().GetResult()
            .Select(path => CompletionWord.Result(path, path, null));
    }

    private static string? Text(IDictionary bound, string name) => bound?[name] is { } value && value.ToString() is { Length: > 0 } text ? text : null;
}
