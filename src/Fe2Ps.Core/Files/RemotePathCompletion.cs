using System.Collections.Concurrent;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Files;

/// <summary>
/// Answers the Tab key after <c>name:</c> with what the machine has there. Never an error, never a wait of more than 200 ms:
/// a question that takes longer goes on behind and serves the next Tab.
/// </summary>
public static class RemotePathCompletion
{
    private const int Most = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan QuestionLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);
    private static readonly ConcurrentDictionary<string, (DateTimeOffset At, IReadOnlyList<string> Names)> Memory = new();
    private static readonly ConcurrentDictionary<string, Task> Running = new();

    /// <summary>The paths, <c>name:</c> included, that begin with the word.</summary>
    public static async Task<IReadOnlyList<string>> CompleteAsync(
        string word, ISshConnector connector, SessionOptions? options = null, Fe2Environment? environment = null)
    {
        try
        {
            return await Task.Run(() => FindAsync(word, connector, options, environment)).WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The prompt shows no errors; the command itself will.
            return [];
        }
    }

    private static async Task<IReadOnlyList<string>> FindAsync(
        string word, ISshConnector connector, SessionOptions? options, Fe2Environment? environment)
    {
        var path = CopyPath.Parse(word);
        if (path.Machine is not { } machine || path.IsPattern || RemoteItems.IsPattern(path.Path))
            return [];
        var slash = path.Path.LastIndexOf('/');
        var folder = path.Path[..(slash + 1)];
        var begin = path.Path[(slash + 1)..];
        var session = await Fe2Session.OpenAsync(options, environment).ConfigureAwait(false);
        var key = $"{session.CacheScope}\n{machine}\n{folder}";
        var known = Memory.TryGetValue(key, out var kept);
        if (!known || session.Clock.GetUtcNow() - kept.At > Freshness)
        {
            var question = Running.GetOrAdd(key, _ => Task.Run(() => AskAsync(session, connector, machine, folder, key)));
            try
            {
                await question.WaitAsync(Patience * 0.7).ConfigureAwait(false);
            }
            catch (Exception) when (known)
            {
                // What was there a while ago is better than nothing.
            }

            kept = Memory.GetValueOrDefault(key, kept);
        }

        return
        [
            .. (kept.Names ?? []).Where(n => n.StartsWith(begin, StringComparison.Ordinal) && (begin.Length > 0 || n[0] != '.'))
                .Select(n => $"{machine}:{folder}{n}"),
        ];
    }

    private static async Task AskAsync(Fe2Session session, ISshConnector connector, string machine, string folder, string key)
    {
        try
        {
            using var limit = new CancellationTokenSource(QuestionLimit);
            var instance = await new InstanceQuery(session).GetAsync(machine, limit.Token).ConfigureAwait(false);
            var target = await new InstanceTargets(session).ForAsync(instance, cancellationToken: limit.Token).ConfigureAwait(false);
            await using var ssh = await connector.OpenAsync(target, limit.Token).ConfigureAwait(false);
            var names = await RemoteItems.NamesAsync(ssh, folder, Most, limit.Token).ConfigureAwait(false);
            Memory[key] = (session.Clock.GetUtcNow(), names);
        }
        finally
        {
            Running.TryRemove(key, out _);
        }
    }
}
