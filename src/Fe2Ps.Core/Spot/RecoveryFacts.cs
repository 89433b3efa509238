using System.Text.Json.Serialization;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Spot;

/// <summary>What a replacement may differ in when there is no room for the same machine again. Tried in this order.</summary>
public enum RecoveryFallback
{
    /// <summary>Another zone of the region.</summary>
    Zone,

    /// <summary>Another instance type, of those that were named.</summary>
    Type,

    /// <summary>On demand, which costs more and is not interrupted.</summary>
    OnDemand,
}

/// <summary>How a job goes on after its machine was taken away.</summary>
public sealed record RecoveryOptions
{
    /// <summary>How often it may be started again, 0 to 1000.</summary>
    public int MaxRestarts { get; init; } = 10;

    /// <summary>What a replacement may differ in.</summary>
    public IReadOnlyList<RecoveryFallback> Fallback { get; init; } = [RecoveryFallback.Zone, RecoveryFallback.Type, RecoveryFallback.OnDemand];

    /// <summary>Further instance types, in the order in which to try them; the machine's own comes first.</summary>
    public IReadOnlyList<string> InstanceTypes { get; init; } = [];

    /// <summary>Whether no volume of the job is ever removed.</summary>
    public bool KeepVolume { get; init; }

    /// <summary>
    /// How often the memory of the script is kept, 10 s to 24 h, beside once at the interruption: the next machine begins there. Null: never;
    /// then the script is started again.
    /// </summary>
    public TimeSpan? CheckpointEvery { get; init; }

    /// <summary>Whether a script that ends by itself with another exit code than 0 is started again too.</summary>
    public bool RestartOnError { get; init; }
}

/// <summary>The machine that a job was started on, as far as another one must be like it.</summary>
/// <param name="Name">Its name, which moves to the replacement.</param>
/// <param name="ImageId">The image.</param>
/// <param name="InstanceType">The instance type.</param>
/// <param name="Zone">The availability zone.</param>
/// <param name="DiskSize">The root disk, GiB, or null for the image's size.</param>
/// <param name="KeyName">The key pair, or null.</param>
/// <param name="SecurityGroupIds">The security groups; none stands for <c>fe2-ssh</c>.</param>
/// <param name="User">The login user.</param>
/// <param name="InstanceProfile">The instance profile's ARN, or null.</param>
/// <param name="IsSpot">Whether it was a spot machine.</param>
/// <param name="Tags">The user's own tags.</param>
public sealed record ReplacementMachine(
    string Name, string ImageId, string InstanceType, string Zone, int? DiskSize, string? KeyName, IReadOnlyList<string> SecurityGroupIds,
    string User, string? InstanceProfile, bool IsSpot, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>What EC2 does with it at an interruption, as its spot request says.</summary>
    public OnInterruption OnInterruption { get; init; }
}

/// <summary>One machine of a job, and what became of it.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="InstanceId">The machine.</param>
/// <param name="InstanceType">Its type.</param>
/// <param name="Zone">Its availability zone.</param>
/// <param name="IsSpot">Whether it was a spot machine.</param>
/// <param name="Price">What it cost at its start, USD an hour, or null where that was not known.</param>
public sealed record JobAttempt(int Number, string InstanceId, string InstanceType, string Zone, bool IsSpot, decimal? Price)
{
    /// <summary>When the script was started there, or null: that has not happened yet.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended there as far as anybody knows, or null.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>What <see cref="End"/> is where the script could not be started for so long that the supervisor has ended the machine.</summary>
    internal const string Unstarted = "unstarted";

    /// <summary>What <see cref="End"/> is where EC2 took the machine away.</summary>
    internal const string WasInterrupted = "interrupted";

    /// <summary>Why it ended there: <c>interrupted</c>, <c>lost</c>, <c>failed</c>, <c>restarted</c>, <c>unstarted</c>; or null.</summary>
    public string? End { get; init; }
}

/// <summary>
/// All that is needed to go on with a job from any computer: <c>recovery.json</c> in the job's private folder on the monitor,
/// where the machine that runs the script cannot write. What it says is launched with the user's own rights.
/// </summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Machine">The first machine.</param>
/// <param name="Signal">What tells the script of an interruption.</param>
/// <param name="Attempts">Every machine so far, the present one last.</param>
public sealed record RecoveryFacts(RecoveryOptions Options, ReplacementMachine Machine, InterruptSignal Signal, IReadOnlyList<JobAttempt> Attempts)
{
    private readonly IReadOnlyList<JobVolume>? _volumes;

    /// <summary>The data volumes, which go with the job from machine to machine, in the order in which they are mounted.</summary>
    public IReadOnlyList<JobVolume> Volumes
    {
        get => _volumes ?? [];
        init => _volumes = value;
    }

    /// <summary>The present machine.</summary>
    [JsonIgnore]
    public JobAttempt Last => Attempts[^1];

    /// <summary>
    /// Whether EC2 stops or hibernates the present machine at an interruption and starts it again: then nobody launches another one for it.
    /// </summary>
    [JsonIgnore]
    public bool ComesBack => Last.IsSpot && Machine.OnInterruption != OnInterruption.Terminate;

    /// <summary>How long the script did not run between its first start and its last one, as far as anybody knows.</summary>
    [JsonIgnore]
    public TimeSpan TimeLost => Attempts.Zip(Attempts.Skip(1)).Aggregate(
        TimeSpan.Zero,
        (sum, pair) => pair.Second.Started - (pair.First.Ended ?? pair.First.Started) is { } gap && gap > TimeSpan.Zero ? sum + gap : sum);

    /// <summary>The same, with another word about the present machine.</summary>
    public RecoveryFacts WithLast(JobAttempt attempt) => this with { Attempts = [.. Attempts.SkipLast(1), attempt] };
}

/// <summary>Reads and writes <see cref="RecoveryFacts"/> without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(RecoveryFacts))]
internal sealed partial class RecoveryFactsContext : JsonSerializerContext;
