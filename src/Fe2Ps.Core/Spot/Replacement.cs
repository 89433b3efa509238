using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Spot;

/// <summary>Gets another machine for a job, wherever there is room.</summary>
internal sealed class Replacement(Fe2Session session, ISshConnector ssh)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    /// <summary>How long another try waits where there is no room anywhere.</summary>
    public TimeSpan BetweenTries { get; init; } = Pause;

    /// <summary>
    /// The line that lets the job's supervisor in, as <see cref="SupervisorLogin.LineAsync"/> has it, or null: whoever launches a machine may go away, and then
    /// the supervisor goes on with it.
    /// </summary>
    public string? SupervisorLine { get; init; }

    /// <summary>
    /// The machine for this attempt, ready for ssh. One that somebody has launched for it already, who did not come any further,
    /// is taken over. Goes on until there is room, or until none is needed any more, which gives null.
    /// </summary>
    public async Task<Instance?> GetAsync(
        Job job, RecoveryFacts facts, int attempt, Func<CancellationToken, Task<bool>> isOver, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (await FindAsync(job.Id, attempt, cancellationToken).ConfigureAwait(false) is { } found)
            return await ReadyAsync(found, facts, cancellationToken).ConfigureAwait(false);
        await FreeNameAsync(job, facts, cancellationToken).ConfigureAwait(false);
        var walk = new CapacityWalk(facts, session.Clock);
        string name = facts.Machine.Name;
        string? userData = SupervisorLine is null ? null : SupervisorLogin.UserData(SupervisorLine);
        while (true)
        {
            if (walk.IsExhausted)
            {
                report?.Report(new ProgressReport($"Job {job.Name}", $"there is no room for another machine now, trying again in {BetweenTries.TotalSeconds:0} s"));
                await Task.Delay(BetweenTries, session.Clock, cancellationToken).ConfigureAwait(false);
                if (await isOver(cancellationToken).ConfigureAwait(false))
                    return null;
            }

            CapacityChoice choice = walk.Next();
            try
            {
                report?.Report(new ProgressReport(
                    $"Job {job.Name}", $"launching {(choice.IsSpot ? "spot " : "")}{choice.InstanceType}{(choice.Zone is { } zone ? $" in {zone}" : "")}"));
                IReadOnlyList<Instance> launched = await new InstanceLauncher(session, ssh).LaunchAsync(
                    Request(job, facts, choice, attempt, name) with { UserData = userData }, report, cancellationToken).ConfigureAwait(false);
                return launched[0];
            }
            catch (Fe2Exception e) when (e.Id == "NameTaken" && name == facts.Machine.Name)
            {
                // Somebody else's by now. The job goes on under the next best name.
                name = $"{facts.Machine.Name}-{attempt}";
            }
            catch (Fe2Exception e) when (MayFitElsewhere(e))
            {
                report?.Report(new VerboseReport($"{choice.InstanceType}: {e.Message}"));
                walk.Failed(choice);
            }
        }
    }

    /// <summary>No room, no such type for this image or zone, or a machine that was gone before it could be used.</summary>
    internal static bool MayFitElsewhere(Fe2Exception e) =>
        e.Kind == Fe2ErrorKind.Capacity || e.Id is "QuotaExceeded" or "InstanceTypeNotFound" or "TypeNotInZone" or "InstanceEnded" or "InstanceNotReady" or "SpotPriceTooLow"
            or "HibernateTypeUnsupported" or "HibernateMemoryTooLarge" or "HibernateDiskTooSmall";

    /// <summary>What is launched.</summary>
    internal static LaunchRequest Request(Job job, RecoveryFacts facts, CapacityChoice choice, int attempt, string name) => new()
    {
        Name = name,
        Image = facts.Machine.ImageId,
        InstanceType = choice.InstanceType,
        DiskSize = facts.Machine.DiskSize,
        KeyName = facts.Machine.KeyName,
        User = facts.Machine.User,
        Spot = choice.IsSpot,
        OnInterruption = choice.IsSpot && facts.Machine.OnInterruption != OnInterruption.Terminate ? facts.Machine.OnInterruption : null,
        SecurityGroupIds = facts.Machine.SecurityGroupIds,
        Zone = choice.Zone,
        // A spot machine knows no other end.
        OnShutdown = !choice.IsSpot && job.OnExit == OnExit.Terminate ? ShutdownAction.Terminate : null,
        InstanceProfile = facts.Machine.InstanceProfile,
        Tags = new Dictionary<string, string>(facts.Machine.Tags)
        {
            [TagNames.JobId] = job.Id,
            [TagNames.Attempt] = $"{attempt}",
            ["fe2:job"] = job.Name,
            ["fe2:role"] = "target",
            ["fe2:monitor"] = job.MonitorId ?? "",
        },
    };

    /// <summary>What tells the machine for an attempt, whoever has launched it.</summary>
    internal static List<Filter> Filters(string jobId, string attempt) =>
    [
        InstanceQuery.Filter($"tag:{TagNames.JobId}", [jobId]),
        InstanceQuery.Filter($"tag:{TagNames.Attempt}", [attempt]),
        InstanceQuery.Filter("instance-state-name", ["pending", "running"]),
    ];

    /// <summary>The name of a machine that has given its own to the next one.</summary>
    internal static string FormerName(Job job, RecoveryFacts facts, string number) => $"{facts.Machine.Name} (machine {number} of {job.Id})";

    /// <summary>The machine that somebody has launched for this attempt, the oldest where there are several; null where there is none.</summary>
    internal Task<Instance?> FindAsync(string jobId, int attempt, CancellationToken cancellationToken) =>
        session.GuardAsync<Instance?>("look for the job's machine", jobId, async () =>
        {
            List<Instance> found = await new InstanceQuery(session).ByFiltersAsync(Filters(jobId, $"{attempt}"), cancellationToken).ConfigureAwait(false);
            return found.MinBy(i => i.LaunchTime);
        });

    private async Task<Instance> ReadyAsync(Instance instance, RecoveryFacts facts, CancellationToken cancellationToken)
    {
        string? file = await new Keys.KeyPairs(session).FindPrivateFileAsync(instance.KeyName, null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Instance> ready = await new InstanceReadiness(session, ssh).WaitAsync(
            [instance], file, facts.Machine.User, TimeSpan.FromMinutes(5), "Waiting for ssh", null, cancellationToken).ConfigureAwait(false);
        return ready[0];
    }

    /// <summary>The name moves with the job: the machine that is going gives it up.</summary>
    private Task FreeNameAsync(Job job, RecoveryFacts facts, CancellationToken cancellationToken) =>
        session.GuardAsync("free the machine's name", facts.Last.InstanceId, async () =>
        {
            IReadOnlyList<Instance> old = await new InstanceQuery(session).ByIdsAsync([facts.Last.InstanceId], cancellationToken).ConfigureAwait(false);
            if (old is not [var instance] || InstanceFacts.NameOf(instance) != facts.Machine.Name || InstanceFacts.IsEnding(instance))
                return;
            await session.Ec2.CreateTagsAsync(
                new CreateTagsRequest
                {
                    Resources = [instance.InstanceId],
                    Tags = [new Tag(TagNames.Name, FormerName(job, facts, $"{facts.Last.Number}"))],
                },
                cancellationToken).ConfigureAwait(false);
        });
}
