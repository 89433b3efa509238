using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Completion;

/// <summary>Completes from what the region holds. The answer comes within a quarter of a second and is never an error: Core keeps what it saw last.</summary>
public abstract class CloudCompleter : IArgumentCompleter
{
    private readonly CompletionKind _kind;

    private protected CloudCompleter(CompletionKind kind) => _kind = kind;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string? sandbox = null;
        if (Text(fakeBoundParameters, "EndpointUrl") is null && !RunspaceState.Current.TryGetSandbox(out sandbox)) return [];
        var where = new SessionOptions(
            Text(fakeBoundParameters, "Region"),
            Text(fakeBoundParameters, "ProfileName"),
            Text(fakeBoundParameters, "EndpointUrl") ?? sandbox);
        string word = CompletionWord.Bare(wordToComplete);
        IReadOnlyList<string> values = CompletionCache.CompleteAsync(_kind, word, where).GetAwaiter().GetResult();
        return Offer(values, word).Select(v => CompletionWord.Result(v, v, Tip(v)));
    }

    /// <summary>What to offer of the values that fit the word.</summary>
    private protected virtual IEnumerable<string> Offer(IReadOnlyList<string> values, string word) => values;

    private protected virtual string? Tip(string value) => null;

    private static string? Text(IDictionary bound, string name) => bound?[name] is { } value && value.ToString() is { Length: > 0 } text ? text : null;
}

/// <summary>Names of the region's own instances.</summary>
public sealed class InstanceNameCompleter() : CloudCompleter(CompletionKind.InstanceName);

/// <summary>Instance types that the region offers.</summary>
public sealed class InstanceTypeCompleter() : CloudCompleter(CompletionKind.InstanceType);

/// <summary>Instance types that the region offers, and their families before them.</summary>
public sealed class InstanceTypePatternCompleter() : CloudCompleter(CompletionKind.InstanceType)
{
    private protected override IEnumerable<string> Offer(IReadOnlyList<string> values, string word) =>
        values.Select(v => v.Split('.')[0]).Where(f => f.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal).Concat(values);

    private protected override string? Tip(string value) => value.Contains('.', StringComparison.Ordinal) ? null : $"the family {value}";
}

/// <summary>The region's availability zones.</summary>
public sealed class ZoneCompleter() : CloudCompleter(CompletionKind.Zone);

/// <summary>Names of the account's own images.</summary>
public sealed class ImageCompleter() : CloudCompleter(CompletionKind.Image);

/// <summary>Names of the region's key pairs.</summary>
public sealed class KeyPairCompleter() : CloudCompleter(CompletionKind.KeyPair);

/// <summary>Regions, by code, place or any part of the friendly name; without any network.</summary>
public sealed class RegionCompleter() : CloudCompleter(CompletionKind.Region)
{
    private protected override string? Tip(string value) => RegionCatalogue.LongNameOf(value);
}

/// <summary>Names of script jobs.</summary>
public sealed class JobNameCompleter() : CloudCompleter(CompletionKind.Job);

/// <summary>Names of volumes.</summary>
public sealed class VolumeNameCompleter() : CloudCompleter(CompletionKind.Volume);

/// <summary>Names of the account's own snapshots.</summary>
public sealed class SnapshotNameCompleter() : CloudCompleter(CompletionKind.Snapshot);

/// <summary>Names of backups.</summary>
public sealed class BackupNameCompleter() : CloudCompleter(CompletionKind.Backup);
/// <summary>Names of Auto Scaling groups.</summary>
public sealed class GroupNameCompleter() : CloudCompleter(CompletionKind.Group);

/// <summary>Names of shared file systems.</summary>
public sealed class FileSystemNameCompleter() : CloudCompleter(CompletionKind.FileSystem);

/// <summary>Names of load balancers' target groups.</summary>
public sealed class TargetGroupCompleter() : CloudCompleter(CompletionKind.TargetGroup);
