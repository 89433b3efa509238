using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Completion;

/// <summary>What can be completed.</summary>
public enum CompletionKind
{
    /// <summary>Names of the region's instances.</summary>
    InstanceName,

    /// <summary>Instance types that the region offers.</summary>
    InstanceType,

    /// <summary>Region codes.</summary>
    Region,

    /// <summary>Names of the account's own images.</summary>
    Image,

    /// <summary>Names of the region's key pairs.</summary>
    KeyPair,

    /// <summary>Names of the region's script jobs: the latest of each machine.</summary>
    Job,

    /// <summary>Names of the region's volumes, without the disks that instances boot from.</summary>
    Volume,

    /// <summary>Names of the account's own snapshots.</summary>
    Snapshot,

    /// <summary>Names of the region's backups.</summary>
    Backup,

    /// <summary>The region's availability zones.</summary>
    Zone,

    /// <summary>Names of the region's Auto Scaling groups.</summary>
    Group,

    /// <summary>Names of the target groups of the region's load balancers.</summary>
    TargetGroup,

    /// <summary>Names of the region's shared file systems.</summary>
    FileSystem,
}

/// <summary>
/// Answers the Tab key: what is known at once, what can be learnt within 140 ms, otherwise what was known last time. Where
/// nothing was ever known, such as at the first Tab of a new computer, 380 ms are allowed: an empty answer is none.
/// Never an error; a question that takes longer goes on behind and serves the next Tab.
/// </summary>
public static class CompletionCache
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(140);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(380);
    private static readonly TimeSpan QuestionLimit = TimeSpan.FromSeconds(15);
    private static readonly ConcurrentDictionary<string, (DateTimeOffset At, IReadOnlyList<string> Values)> Memory = new();
    private static readonly ConcurrentDictionary<string, Task> Running = new();

    /// <summary>The values that begin with the word (any case); where none does, those that hold it elsewhere.</summary>
    public static async Task<IReadOnlyList<string>> CompleteAsync(
        CompletionKind kind, string? word, SessionOptions? options = null, Fe2Environment? environment = null)
    {
        string typed = word ?? "";
        return kind == CompletionKind.Region
            ? Regions(typed)
            : await CompleteAsync(kind.ToString().ToLowerInvariant(), Freshness(kind), (session, token) => QueryAsync(session, kind, token), typed, options, environment)
                .ConfigureAwait(false);
    }

    /// <summary>The same for what a room of its own can ask for, such as what is on a machine.</summary>
    /// <param name="topic">What it is, apart from everything else that is asked; plain enough for a file's name.</param>
    /// <param name="freshness">How long an answer counts without asking again.</param>
    /// <param name="question">Asks. It may take 15 s; nobody waits so long.</param>
    /// <param name="word">What has been typed.</param>
    /// <param name="options">The place.</param>
    /// <param name="environment">This computer.</param>
    internal static async Task<IReadOnlyList<string>> CompleteAsync(
        string topic, TimeSpan freshness, Func<Fe2Session, CancellationToken, Task<IReadOnlyList<string>>> question,
        string? word, SessionOptions? options = null, Fe2Environment? environment = null)
    {
        string typed = word ?? "";
        try
        {
            // Opening a session may ask IMDS, and the first call loads assemblies: all of it counts against the patience.
            Task<IReadOnlyList<string>> answering = Task.Run(() => ValuesAsync(topic, freshness, question, options, environment));
            IReadOnlyList<string> values = await answering.WaitAsync(FirstPatience).ConfigureAwait(false);
            return Fitting(values, typed);
        }
        catch (Exception)
        {
            // The prompt shows no errors; the command itself will.
            return [];
        }
    }

    internal static void Put(Fe2Session session, CompletionKind kind, IReadOnlyList<string> values) =>
        Put(session, kind.ToString().ToLowerInvariant(), values);

    private static void Put(Fe2Session session, string topic, IReadOnlyList<string> values)
    {
        string key = Key(session, topic);
        bool changed = !Memory.TryGetValue(key, out var before) || !before.Values.SequenceEqual(values, StringComparer.Ordinal);
        Memory[key] = (session.Clock.GetUtcNow(), values);
        if (!changed)
            return;
        try
        {
            var list = new JsonArray();
            foreach (string value in values)
                list.Add(value);
            session.Folder.Write(list.ToJsonString(), "cache", key + ".json");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A cache that cannot be kept is no reason to fail.
        }
    }

    private static async Task<IReadOnlyList<string>> ValuesAsync(
        string topic, TimeSpan freshness, Func<Fe2Session, CancellationToken, Task<IReadOnlyList<string>>> ask, SessionOptions? options, Fe2Environment? environment)
    {
        Fe2Session session = await Fe2Session.OpenAsync(options, environment).ConfigureAwait(false);
        string key = Key(session, topic);
        bool known = Memory.TryGetValue(key, out var kept);
        if (known && session.Clock.GetUtcNow() - kept.At < freshness)
            return kept.Values;

        Task question = Running.GetOrAdd(key, _ => Task.Run(() => AskAsync(session, topic, key, ask)));
        IReadOnlyList<string> last = known ? kept.Values : FromDisk(session, key);
        try
        {
            await question.WaitAsync(last.Count > 0 ? Patience : FirstPatience).ConfigureAwait(false);
            return Memory.TryGetValue(key, out var fresh) ? fresh.Values : last;
        }
        catch (Exception)
        {
            return last;
        }
    }

    private static async Task AskAsync(
        Fe2Session session, string topic, string key, Func<Fe2Session, CancellationToken, Task<IReadOnlyList<string>>> ask)
    {
        try
        {
            using var limit = new CancellationTokenSource(QuestionLimit);
            Put(session, topic, await ask(session, limit.Token).ConfigureAwait(false));
        }
        finally
        {
            Running.TryRemove(key, out _);
        }
    }

    private static async Task<IReadOnlyList<string>> QueryAsync(Fe2Session session, CompletionKind kind, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case CompletionKind.InstanceName:
                return InstanceNames.Of((await new InstanceQuery(session).ListAsync(new InstanceSelector(), cancellationToken).ConfigureAwait(false)).Instances);
            case CompletionKind.Volume:
                return VolumeQuery.Names((await new VolumeQuery(session).ListAsync(new VolumeSelector(), cancellationToken).ConfigureAwait(false)).Volumes);
            case CompletionKind.Snapshot:
                return SnapshotQuery.Names((await new SnapshotQuery(session).ListAsync([], cancellationToken: cancellationToken).ConfigureAwait(false)).Snapshots);
            case CompletionKind.Backup:
                return await new BackupQuery(session).NamesAsync(cancellationToken).ConfigureAwait(false);
            case CompletionKind.KeyPair:
                return await new KeyPairs(session).NamesAsync(cancellationToken).ConfigureAwait(false);
            case CompletionKind.Image:
                return ImageFinder.NamesOf(await new ImageFinder(session).OwnAsync(cancellationToken).ConfigureAwait(false));
            case CompletionKind.InstanceType:
                return await new InstanceTypes(session).NamesAsync(cancellationToken).ConfigureAwait(false);
            case CompletionKind.Job:
                InstanceSelection machines = await new InstanceQuery(session).ListAsync(
                    new InstanceSelector { Filters = new Dictionary<string, IReadOnlyList<string>> { ["tag-key"] = ["fe2:job"] } }, cancellationToken).ConfigureAwait(false);
                return [.. machines.Instances.Select(i => InstanceFacts.TagOf(i, "fe2:job")).OfType<string>().Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];
            case CompletionKind.Group:
                return GroupQuery.Names((await new GroupQuery(session).ListAsync([], cancellationToken).ConfigureAwait(false)).Groups);
            case CompletionKind.FileSystem:
                return FileSystemQuery.Names((await new FileSystemQuery(session).ListAsync([], cancellationToken).ConfigureAwait(false)).FileSystems);
            case CompletionKind.TargetGroup:
                return await new TargetGroups(session).NamesAsync(cancellationToken).ConfigureAwait(false);
            case CompletionKind.Zone:
                DescribeAvailabilityZonesResponse zones = await session.Ec2.DescribeAvailabilityZonesAsync(new DescribeAvailabilityZonesRequest(), cancellationToken).ConfigureAwait(false);
                return [.. zones.AvailabilityZones.Select(z => z.ZoneName).Order(StringComparer.Ordinal)];
            default:
                return [];
        }
    }

    private static IReadOnlyList<string> FromDisk(Fe2Session session, string key)
    {
        try
        {
            return session.Folder.TryRead("cache", key + ".json") is { } text
                ? [.. JsonNode.Parse(text)!.AsArray().Select(v => v!.GetValue<string>())] : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static TimeSpan Freshness(CompletionKind kind) => kind switch
    {
        CompletionKind.InstanceName => TimeSpan.FromSeconds(10),
        CompletionKind.InstanceType or CompletionKind.Zone => TimeSpan.FromDays(1),
        _ => TimeSpan.FromMinutes(1),
    };

    private static string Key(Fe2Session session, string topic) => $"{topic}-{session.CacheScope}";

    private static IReadOnlyList<string> Regions(string typed) =>
        typed.Length == 0 ? [.. RegionCatalogue.All.Select(r => r.Code)] : [.. RegionCatalogue.Search(typed.Trim('*')).Select(r => r.Code)];

    /// <summary>
    /// Those that begin with the word, or, where none does, those that have it within: what has it within would keep Tab from completing the only one
    /// that begins with it, since both have nothing in common.
    /// </summary>
    private static IReadOnlyList<string> Fitting(IReadOnlyList<string> values, string typed)
    {
        string word = typed.TrimEnd('*');
        string[] begun = [.. values.Where(v => v.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        return begun.Length > 0 ? begun : [.. values.Where(v => v.Contains(word, StringComparison.OrdinalIgnoreCase))];
    }
}
