using System.Globalization;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.FileSystems;

/// <summary>What became of mounting or dismounting on several machines.</summary>
/// <param name="FileSystem">The file system, as EFS last said it to be.</param>
/// <param name="Machines">The machines where it was done.</param>
/// <param name="Problems">One for each machine that failed.</param>
public sealed record FileSystemOutcome(FileSystemDescription FileSystem, IReadOnlyList<Amazon.EC2.Model.Instance> Machines, IReadOnlyList<Fe2Exception> Problems);

/// <summary>
/// Mounts one folder on several machines: EFS by NFS 4.1, through a TLS tunnel on each machine. What is missing is made: the file system, its
/// security group, its mount targets.
/// </summary>
public sealed class FileSystemMounter(Fe2Session session, ISshConnector connector)
{
    private const string Prefix = "Fe2Ps.Core.FileSystems.Remote.";

    /// <summary>Mounts a file system on machines; one that does not exist is made, unless an id was given.</summary>
    /// <param name="nameOrId">Its name or id.</param>
    /// <param name="machines">Running machines of one VPC. One that fails does not end the others.</param>
    /// <param name="mountPoint">The folder there, absolute; <c>/mnt/NAME</c> where null.</param>
    /// <param name="persist">Whether it is mounted at each start of the machines from now on.</param>
    /// <param name="report">Told how far it is; warned of a file system that was made and is mounted nowhere.</param>
    /// <param name="cancellationToken">Ends the work; what was made stays and is used the next time.</param>
    /// <returns>
    /// Where it is mounted now, and for the other machines why not: <c>InstanceNotRunning</c>, <c>MountPointTaken</c>, <c>MountedElsewhere</c>,
    /// <c>ToolMissing</c>, <c>MountFailed</c>, <c>NotPersistent</c>, or a failure to connect.
    /// </returns>
    /// <exception cref="Fe2Exception">
    /// <c>FileSystemNotFound</c>, <c>FileSystemAmbiguous</c>, <c>FileSystemNotReady</c>, <c>FileSystemFailed</c>, <c>NameInvalid</c>, <c>MountPointInvalid</c>, <c>NetworksDiffer</c>.
    /// </exception>
    public Task<FileSystemOutcome> MountAsync(
        string nameOrId, IReadOnlyList<Amazon.EC2.Model.Instance> machines, string? mountPoint = null, bool persist = false,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"mount {nameOrId}", nameOrId, async () =>
        {
            Check(nameOrId, machines, mountPoint);
            FileSystemDescription? known = await new FileSystemQuery(session).TryGetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
            if (known is not null)
                return await MountAsync(known, machines, mountPoint, persist, report, cancellationToken).ConfigureAwait(false);
            if (FileSystemFacts.IsId(nameOrId))
                throw FileSystemErrors.NotFound(nameOrId, session.Region);

            string made = await new FileSystemMaker(session).MakeAsync(nameOrId, $"Mounting {nameOrId}", report, cancellationToken).ConfigureAwait(false);
            bool used = false;
            try
            {
                FileSystemOutcome outcome = await MountAsync(
                    new FileSystemDescription { FileSystemId = made, Name = nameOrId, LifeCycleState = "creating" }, machines, mountPoint, persist, report, cancellationToken).ConfigureAwait(false);
                used = outcome.Machines.Count > 0;
                return outcome;
            }
            finally
            {
                if (!used)
                    report?.Report(new WarningReport(FileSystemMaker.Left(nameOrId, made, session.Region)));
            }
        });

    /// <summary>Writes out and dismounts it on machines; where it is not mounted, a warning says so. One that fails does not end the others.</summary>
    /// <returns>The machines that had it mounted, and for those that keep it why: <c>FileSystemBusy</c>, or a failure to connect.</returns>
    public Task<FileSystemOutcome> DismountAsync(
        FileSystemDescription system, IReadOnlyList<Amazon.EC2.Model.Instance> machines, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        EachAsync(system, machines, $"dismount {FileSystemFacts.Label(system)} on", async machine =>
        {
            report?.Report(new ProgressReport($"Dismounting {FileSystemFacts.Label(system)}", InstanceFacts.Label(machine)));
            string said = await CallAsync(machine, FileSystemFacts.Label(system), "dismount", [system.FileSystemId], cancellationToken).ConfigureAwait(false);
            if (said.StartsWith("point ", StringComparison.Ordinal))
                return true;
            report?.Report(new WarningReport($"{FileSystemFacts.Label(system)} is not mounted on {InstanceFacts.Label(machine)}."));
            return false;
        });

    private async Task<FileSystemOutcome> MountAsync(
        FileSystemDescription found, IReadOnlyList<Amazon.EC2.Model.Instance> machines, string? mountPoint, bool persist, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        string activity = $"Mounting {FileSystemFacts.NameOf(found) ?? found.FileSystemId}";
        var maker = new FileSystemMaker(session);
        FileSystemDescription system = FileSystemFacts.StateOf(found) == "available"
            ? found : await maker.UntilAvailableAsync(found.FileSystemId, cancellationToken).ConfigureAwait(false);
        if (system.Encrypted != true)
            report?.Report(new WarningReport($"{FileSystemFacts.Label(system)} is not encrypted at rest; only a new file system can be."));
        IReadOnlyList<MountTargetDescription> targets = await maker.OpenAsync(system, machines, activity, report, cancellationToken).ConfigureAwait(false);
        string point = mountPoint ?? FileSystemFacts.UsualPoint(system);
        FileSystemOutcome outcome = await EachAsync(system, machines, $"mount {FileSystemFacts.Label(system)} on", async machine =>
        {
            report?.Report(new ProgressReport(activity, $"Mounting it on {InstanceFacts.Label(machine)}", 60));
            string address = TargetOf(system, targets, machine).IpAddress;
            await CallAsync(
                machine, FileSystemFacts.Label(system), "mount", [system.FileSystemId, HostOf(system.FileSystemId), address, PortOf(system.FileSystemId), point, "@uid", "@gid", persist ? "1" : "0", Text("up")],
                cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        return outcome with { FileSystem = await new FileSystemQuery(session).TryGetAsync(system.FileSystemId, cancellationToken).ConfigureAwait(false) ?? system };
    }

    /// <summary>Does something on each machine, one after another; a machine that fails is a problem of its own.</summary>
    private async Task<FileSystemOutcome> EachAsync(
        FileSystemDescription system, IReadOnlyList<Amazon.EC2.Model.Instance> machines, string action, Func<Amazon.EC2.Model.Instance, Task<bool>> work)
    {
        var done = new List<Amazon.EC2.Model.Instance>();
        var problems = new List<Fe2Exception>();
        foreach (Amazon.EC2.Model.Instance machine in machines)
        {
            try
            {
                if (await session.GuardAsync($"{action} {InstanceFacts.Label(machine)}", machine.InstanceId, () => work(machine)).ConfigureAwait(false))
                    done.Add(machine);
            }
            catch (Fe2Exception failure)
            {
                problems.Add(failure);
            }
        }

        return new FileSystemOutcome(system, done, problems);
    }

    /// <summary>The mount target in the machine's zone, else another of its network.</summary>
    private static MountTargetDescription TargetOf(FileSystemDescription system, IReadOnlyList<MountTargetDescription> targets, Amazon.EC2.Model.Instance machine) =>
        targets.FirstOrDefault(t => t.AvailabilityZoneName == machine.Placement.AvailabilityZone && t.VpcId == machine.VpcId)
            ?? targets.FirstOrDefault(t => t.VpcId == machine.VpcId)
            ?? throw FileSystemErrors.Invalid(
                "NetworksDiffer", $"{FileSystemFacts.Label(system)} can be reached in {string.Join(", ", targets.Select(t => t.VpcId).Distinct())}, and {InstanceFacts.Label(machine)} is in {machine.VpcId}.",
                "A file system belongs to one VPC at a time.", InstanceFacts.NameOf(machine) ?? machine.InstanceId);

    /// <summary>The name that the other end of the tunnel proves. Source: "Gathering information" in the EFS user guide.</summary>
    internal string HostOf(string id) => $"{id}.efs.{session.Region}.amazonaws.com{(session.Region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : "")}";

    /// <summary>The tunnel's port on the machine, the same each time: an NFS client that reconnects goes where it was.</summary>
    internal static string PortOf(string id) => (20049 + (id.Aggregate(0u, (sum, c) => (sum * 31) + c) % 1000)).ToString(CultureInfo.InvariantCulture);

    private static void Check(string name, IReadOnlyList<Amazon.EC2.Model.Instance> machines, string? mountPoint)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 200 || name.AsSpan().ContainsAny("*?[]") || name.Any(char.IsControl) || name != name.Trim())
        {
            throw FileSystemErrors.Invalid(
                "NameInvalid", $"'{name}' cannot be a file system's name.", "Use 1 to 200 characters without * ? [ ], and without a space at either end.", name);
        }

        if (mountPoint is not null && (mountPoint[0] != '/' || mountPoint.TrimEnd('/').Length == 0 || mountPoint.Any(char.IsControl)))
            throw FileSystemErrors.Invalid("MountPointInvalid", $"'{mountPoint}' is no folder to mount on.", "Give an absolute path, such as /mnt/shared.", mountPoint);
        if (machines.Select(m => m.VpcId).Distinct().Count() > 1)
        {
            throw FileSystemErrors.Invalid(
                "NetworksDiffer", $"The machines are in different VPCs: {string.Join(", ", machines.Select(m => $"{InstanceFacts.Label(m)} in {m.VpcId}"))}.",
                "A file system belongs to one VPC at a time.", name);
        }
    }

    private static string Text(string script)
    {
        using var reader = new StreamReader(typeof(FileSystemMounter).Assembly.GetManifestResourceStream($"{Prefix}{script}.sh")!);
        return reader.ReadToEnd();
    }

    private async Task<string> CallAsync(
        Amazon.EC2.Model.Instance machine, string label, string script, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var access = new MachineAccess(session, connector);
        SshTarget target = await access.TargetAsync(machine, null, null, cancellationToken).ConfigureAwait(false);
        await using ISshSession ssh = await access.OpenAsync(machine, target, cancellationToken).ConfigureAwait(false);
        using Stream text = typeof(FileSystemMounter).Assembly.GetManifestResourceStream($"{Prefix}{script}.sh")!;
        string words = string.Join(' ', arguments.Select(a => a switch { "@uid" => "\"$(id -u)\"", "@gid" => "\"$(id -g)\"", _ => ShellQuote.Quote(a) }));
        SshResult result = await ssh.RunAsync(
            $"if [ \"$(id -u)\" = 0 ]; then exec sh -s {words}; else exec sudo -n sh -s {words}; fi", text, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.OutputText.Trim() : throw FileSystemErrors.OfScript(result.ExitCode, result.ErrorText, label, ssh.Target.Name);
    }
}
