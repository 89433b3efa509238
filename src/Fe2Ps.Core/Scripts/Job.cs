using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Scripts;

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>Its files are on their way.</summary>
    Preparing,

    /// <summary>The script runs.</summary>
    Running,

    /// <summary>EC2 has said that it takes the machine away; the script still runs, and its results are being brought to the monitor.</summary>
    Interrupted,

    /// <summary>The script has ended; its last results are on their way to the monitor.</summary>
    Flushing,

    /// <summary>The script has ended, and with a monitor every result is there.</summary>
    Finished,

    /// <summary>The machine or the wrapper ended before the script did; what had arrived on the monitor is still there.</summary>
    Lost,
}

/// <summary>A job as its machines know it.</summary>
/// <param name="Id">Its id: the name in plain letters, and something unique.</param>
/// <param name="Name">Its name; its folder is <c>~/fastec2/&lt;name&gt;</c> on the target and on the monitor.</param>
/// <param name="Script">The script's file name.</param>
/// <param name="State">Where it stands.</param>
public sealed record Job(string Id, string Name, string Script, JobState State)
{
    /// <summary>The id of the instance that runs or ran it.</summary>
    public required string TargetId { get; init; }

    /// <summary>That instance's name at the start.</summary>
    public required string TargetName { get; init; }

    /// <summary>The id of the instance that collects the results, or null.</summary>
    public string? MonitorId { get; init; }

    /// <summary>That instance's name at the start.</summary>
    public string? MonitorName { get; init; }

    /// <summary>What happens to the target afterwards.</summary>
    public OnExit OnExit { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>When the script started, or null.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When the script ended, or null.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>The script's exit code, 128 + n for a signal n; null while it runs, or when nobody could see it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Whether somebody asked for the script to be stopped.</summary>
    public bool IsStopped { get; init; }

    /// <summary>The last sign of life that this report knows of, or null.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>When the machine that runs it heard that EC2 takes it away, or null.</summary>
    public DateTimeOffset? Interrupted { get; init; }

    /// <summary>When EC2 takes it away, or null.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>After an interruption: whatever the script had written before this moment is on the monitor. Or null.</summary>
    public DateTimeOffset? Saved { get; init; }

    /// <summary>When the memory of the script was kept last, from which another machine begins; or null.</summary>
    public DateTimeOffset? Checkpoint { get; init; }

    /// <summary>How the job goes on over several machines, and what became of each; null for one that does not.</summary>
    public RecoveryFacts? Recovery { get; init; }

    /// <summary>Which machine of the job this is, counted from 1.</summary>
    public int Attempt => Recovery?.Last.Number ?? 1;

    /// <summary>The size of the job's folder in bytes, on the machine that answered.</summary>
    public long Bytes { get; init; }

    /// <summary>What stands in the way at present, for example a full disk of the monitor; or null.</summary>
    public string? Note { get; init; }

    /// <summary>The tmux session on the target (<c>tmux attach -t</c>), or null where the target did not answer.</summary>
    public string? Session { get; init; }

    /// <summary>The target, if it was among the machines asked.</summary>
    public JobMachine? Target { get; init; }

    /// <summary>The monitor, if it was among the machines asked.</summary>
    public JobMachine? Monitor { get; init; }

    /// <summary>Whether nothing more will happen to the job by itself.</summary>
    public bool IsOver => State is JobState.Finished or JobState.Lost;

    /// <summary>The job's folder below the home folder, on both machines.</summary>
    public string Folder => "fastec2/" + Name;

    /// <summary>The job's own folder below one of this computer, for its results.</summary>
    /// <exception cref="Fe2Exception"><c>JobNameInvalid</c>: on this computer the name would lead somewhere else (a backslash on Windows).</exception>
    public string LocalFolder(string destination)
    {
        var above = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        var folder = Path.GetFullPath(Path.Combine(above, Name));
        return Path.GetDirectoryName(folder) == above && Path.GetFileName(folder) == Name
            ? folder
            : throw JobErrors.NameInvalid(Name, "it is no plain folder name on this computer.");
    }
}
