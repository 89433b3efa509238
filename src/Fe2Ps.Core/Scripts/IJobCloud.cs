using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Scripts;

/// <summary>What a job needs of the cloud itself: tags that say where its facts are, and what "shut down" means for its machine.</summary>
public interface IJobCloud
{
    /// <summary>Sets tags on an instance.</summary>
    Task TagAsync(string instanceId, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken);

    /// <summary>Sets whether a shutdown from inside stops the instance or terminates it.</summary>
    Task SetShutdownBehaviorAsync(string instanceId, OnExit onExit, CancellationToken cancellationToken);

    /// <summary>Whether a shutdown from inside stops or terminates the instance at present.</summary>
    Task<OnExit> ShutdownBehaviorAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>Whether this is a one-time spot instance, which can only terminate.</summary>
    Task<bool> IsOneTimeSpotAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>
    /// The persistent spot request for which EC2 would launch another instance as soon as this one terminates, or null.
    /// Source: EC2 user guide, "Terminate a Spot Instance".
    /// </summary>
    Task<string?> RelaunchingRequestAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>
    /// Whether an instance that does not run is starting, or was stopped or hibernated by an interruption of EC2's, which starts it again
    /// when there is room. Source: EC2 user guide, "Behavior of Spot Instance interruptions".
    /// </summary>
    Task<bool> ComesBackAsync(string instanceId, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>Lets volumes outlive their machine for as long as the job lives, and sets its tags on them.</summary>
    Task HoldVolumesAsync(IReadOnlyList<JobVolume> volumes, string jobId, string jobName, CancellationToken cancellationToken);

    /// <summary>Takes that back. Never fails.</summary>
    Task ReleaseVolumesAsync(IReadOnlyList<JobVolume> volumes, CancellationToken cancellationToken);

    /// <summary>Whether an instance exists and runs. What the tool cannot find does not run.</summary>
    Task<bool> IsRunningAsync(string instanceId, CancellationToken cancellationToken);
}
