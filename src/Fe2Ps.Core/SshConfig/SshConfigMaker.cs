using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.SshConfig;

/// <summary>Makes ssh_config blocks of instances.</summary>
/// <param name="session">Where the instances are.</param>
/// <param name="connector">Knows the pinned host keys, and fetches those that this computer has not met yet.</param>
/// <param name="report">Told of machines that get no block, or one under their id alone.</param>
public sealed class SshConfigMaker(Fe2Session session, SshConnector connector, IProgress<Fe2Report>? report = null)
{
    private const int AtOnce = 32;

    /// <summary>The blocks of the instances that run and have an address, in their order; the others are reported.</summary>
    /// <param name="instances">The instances.</param>
    /// <param name="all">Every instance of the region, so that a name which several have is given to none.</param>
    /// <param name="keyFile">A private key for all of them, or null for the one of each instance's key pair.</param>
    /// <param name="user">The login user of all of them, or null for what each instance's tags say.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="Fe2Exception"><c>KeyFileNotFound</c>, <c>SshConfigText</c>.</exception>
    public async Task<IReadOnlyList<SshConfigEntry>> MakeAsync(
        IReadOnlyList<Instance> instances, IReadOnlyList<Instance> all, string? keyFile = null, string? user = null, CancellationToken cancellationToken = default)
    {
        string? fullKey = keyFile is null ? null : Path.GetFullPath(keyFile);
        var targets = new List<SshTarget>();
        foreach (Instance instance in instances)
        {
            try
            {
                targets.Add(await new InstanceTargets(session).ForAsync(instance, fullKey, user, cancellationToken).ConfigureAwait(false));
            }
            catch (Fe2Exception e) when (e.Id is "InstanceNotRunning" or "InstanceWithoutAddress")
            {
                report?.Report(new WarningReport($"{e.Message} It gets no block: its address is not known before it runs."));
            }
        }

        await Parallel.ForEachAsync(
            targets.Where(t => connector.PinnedKey(t.InstanceId) is null),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, PinAsync).ConfigureAwait(false);
        ILookup<string?, Instance> names = all.Where(i => !InstanceFacts.IsEnding(i)).ToLookup(InstanceFacts.NameOf);
        return [.. targets.Select(t => new SshConfigEntry(t, Hosts(t, names), connector.KnownHosts.FilePath))];
    }

    private async ValueTask PinAsync(SshTarget target, CancellationToken cancellationToken)
    {
        try
        {
            await using ISshSession met = await connector.OpenAsync(target, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            report?.Report(new WarningReport(
                $"The host key of {target.Name} could not be fetched, so plain ssh refuses it until Fe2Ps has reached it once: {e.Message}"));
        }
    }

    private List<string> Hosts(SshTarget target, ILookup<string?, Instance> names)
    {
        string? fault = target.Name == target.InstanceId ? null
            : !SshConfigText.IsHost(target.Name) ? "ssh takes no such name"
            : names[target.Name].Count() > 1 ? "several instances are called so"
            : null;
        if (fault is not null) report?.Report(new WarningReport($"'{target.Name}' is reached as 'ssh {target.InstanceId}' alone: {fault}."));
        return fault is null && target.Name != target.InstanceId ? [target.Name, target.InstanceId] : [target.InstanceId];
    }
}
