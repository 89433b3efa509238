using Amazon.EC2.Model;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Terminals;

/// <summary>Names of a machine's tmux sessions for the Tab key: as every completion, soon, and never an error.</summary>
public static class TerminalNames
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(20);

    /// <summary>The names that fit a word.</summary>
    /// <param name="machine">The machine's name or id.</param>
    /// <param name="word">What has been typed.</param>
    /// <param name="options">The place.</param>
    /// <param name="environment">This computer.</param>
    public static Task<IReadOnlyList<string>> CompleteAsync(
        string machine, string? word, SessionOptions? options = null, Fe2Environment? environment = null) =>
        CompletionCache.CompleteAsync($"terminals-{Plain(machine)}", Freshness, (session, token) => AskAsync(session, machine, token), word, options, environment);

    private static async Task<IReadOnlyList<string>> AskAsync(Fe2Session session, string machine, CancellationToken cancellationToken)
    {
        Instance instance = await new InstanceQuery(session).GetAsync(machine, cancellationToken).ConfigureAwait(false);
        await using ISshSession ssh = await new CommandRunner(session, new SshConnector(new SshOptions { Folder = session.Folder.Path }))
            .OpenAsync(instance, cancellationToken).ConfigureAwait(false);
        return await new TmuxTerminal(ssh).ListAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A name as a part of a file's name, different for different names.</summary>
    private static string Plain(string machine) => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(machine)) is { Length: <= 80 } hex
        ? hex : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(machine)));
}
