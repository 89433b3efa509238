using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Scripts;

/// <summary>What happens to the target when the script has ended and its results are safe.</summary>
public enum OnExit
{
    /// <summary>It goes on running, and costing.</summary>
    None,

    /// <summary>It stops; its disk stays, and costs.</summary>
    Stop,

    /// <summary>It ends for good.</summary>
    Terminate,
}

/// <summary>
/// The signal that tells a script of an interruption. USR1 and USR2 go to those of its processes that catch them, since they would end the
/// others; the rest go to all of its processes.
/// </summary>
public enum InterruptSignal
{
    /// <summary>SIGUSR1, to processes that catch it.</summary>
    USR1,

    /// <summary>SIGUSR2, to processes that catch it.</summary>
    USR2,

    /// <summary>SIGTERM, to every process.</summary>
    TERM,

    /// <summary>SIGINT, to every process.</summary>
    INT,

    /// <summary>SIGHUP, to every process.</summary>
    HUP,

    /// <summary>None: the script watches the file that <c>FE2_NOTICE</c> names, or does not care.</summary>
    None,
}

/// <summary>A script to run.</summary>
/// <param name="ScriptPath">The script on this computer.</param>
/// <param name="Target">The machine that runs it.</param>
public sealed record JobRequest(string ScriptPath, JobMachine Target)
{
    /// <summary>The machine that collects the results while the script runs, or null: then they stay on the target until they are received.</summary>
    public JobMachine? Monitor { get; init; }

    /// <summary>What the script gets as <c>$1</c>, <c>$2</c>, ...</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables for the script. They are kept in a private file on the target, never in results, tags or reports.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>More files and folders of this computer for the job's folder.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What happens to the target afterwards.</summary>
    public OnExit OnExit { get; init; }

    /// <summary>On a spot machine: what tells the script that EC2 takes the machine away.</summary>
    public InterruptSignal InterruptSignal { get; init; }

    /// <summary>How the job goes on when its machine is taken away, or null: then it does not. Needs a monitor.</summary>
    public RecoveryFacts? Recovery { get; init; }

    /// <summary>Volumes that are to outlive the machine for good, where the job does not go on on another one.</summary>
    public IReadOnlyList<JobVolume> KeptVolumes { get; init; } = [];

    /// <summary>The volumes that outlive the machine, for as long as the job lives or for good.</summary>
    internal IReadOnlyList<JobVolume> HeldVolumes => Recovery is { Volumes.Count: > 0 } recovery ? recovery.Volumes : KeptVolumes;

    /// <summary>
    /// The job's name, which is its folder's: <c>~/fastec2/&lt;name&gt;</c>. Null takes the target's name, with <c>-2</c>, <c>-3</c>, ...
    /// when another job has it already.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// Without a monitor: the caller promises to receive the results at the end. Only then may the target stop by itself,
    /// and it does so after they have been received.
    /// </summary>
    public bool ReceivesAtEnd { get; init; }
}
