using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Files;

/// <summary>Copies files and folders between this computer and a machine, or from one machine to another through this computer.</summary>
public sealed class FileCopy(Fe2Session session, ISshConnector connector, CopyOptions options, IProgress<Fe2Report>? report = null)
{
    /// <summary>Copies items of this computer to a machine.</summary>
    /// <param name="instance">The machine.</param>
    /// <param name="items">What is copied.</param>
    /// <param name="intoFolder">True where the destination must be a folder: the items were found by a wildcard.</param>
    /// <param name="destination">The path there; a relative one starts at the home folder.</param>
    /// <param name="cancellationToken">Ends it; what has arrived stays.</param>
    /// <exception cref="Fe2Exception"><c>FolderNeedsRecurse</c>, <c>DestinationIsFile</c>, <c>CopyIncomplete</c>, <c>DiskFull</c>, <c>TransferFailed</c>, or a failure to connect.</exception>
    public Task<CopyResult> SendAsync(
        Instance instance, IReadOnlyList<CopyItem> items, bool intoFolder, string destination, CancellationToken cancellationToken = default)
    {
        var mark = CopyMark.Of(string.Join('\n', items.Select(i => i.Path)));
        return CopyAsync(
            instance, string.Join(", ", items.Select(i => i.Path)), $"{Name(instance)}:{destination}", $"The copy to {Name(instance)}",
            async (ssh, token) =>
            {
                var makes = CopyPlan.MakesFolder(items, intoFolder, destination, options.Recurse);
                var target = await RemoteItems.TargetAsync(ssh, destination, mark, makes, token).ConfigureAwait(false);
                return CopyPlan.Make(true, items, intoFolder, destination, target, options.Recurse);
            },
            cancellationToken);
    }

    /// <summary>Copies items of a machine to this computer.</summary>
    /// <param name="instance">The machine.</param>
    /// <param name="paths">Paths there, with wildcards unless the options say otherwise.</param>
    /// <param name="intoFolder">True where the destination must be a folder.</param>
    /// <param name="destination">A full path of this computer; a slash at its end says that a folder is meant.</param>
    /// <param name="cancellationToken">Ends it; what has arrived stays.</param>
    /// <exception cref="Fe2Exception">As <see cref="SendAsync"/>, and <c>FileNotFound</c>.</exception>
    public Task<CopyResult> ReceiveAsync(
        Instance instance, IReadOnlyList<string> paths, bool intoFolder, string destination, CancellationToken cancellationToken = default)
    {
        var end = OperatingSystem.IsWindows() ? destination.Replace('\\', '/') : destination;
        var source = string.Join(", ", paths.Select(p => $"{Name(instance)}:{p}"));
        var mark = CopyMark.Of($"{instance.InstanceId}\n{string.Join('\n', paths)}");
        return CopyAsync(
            instance, source, destination, $"The copy from {Name(instance)}",
            async (ssh, token) =>
            {
                List<CopyItem> items = [];
                foreach (var path in paths)
                    items.AddRange(await RemoteItems.FindAsync(ssh, path, options.IsLiteral, token).ConfigureAwait(false));
                if (items.Count == 0)
                    report?.Report(new WarningReport($"Nothing matches {source}."));
                var into = intoFolder || (!options.IsLiteral && paths.Any(RemoteItems.IsPattern));
                if (items.Count == 0)
                    return new CopyPlan([], null);
                var plan = CopyPlan.Make(false, items, into, end, CopyMark.Here(end, mark), options.Recurse);
                if (plan.NewFolder is { } folder)
                    CopyMark.Put(folder, mark);
                return plan;
            },
            cancellationToken);
    }

    /// <summary>Copies items of one machine to another, through a folder of this computer, which needs the room for them.</summary>
    /// <exception cref="Fe2Exception">As <see cref="ReceiveAsync"/>.</exception>
    public async Task<CopyResult> CarryAsync(
        Instance from, IReadOnlyList<string> paths, Instance to, bool intoFolder, string destination, CancellationToken cancellationToken = default)
    {
        var folder = session.Folder.Ensure("carry-" + Path.GetRandomFileName());
        try
        {
            var start = session.Clock.GetTimestamp();
            var received = await ReceiveAsync(from, paths, true, folder + "/", cancellationToken).ConfigureAwait(false);
            CopyItem[] items = [.. Directory.EnumerateFileSystemEntries(folder).Select(CopyItem.Here)];
            if (items.Length == 0)
                return received with { Destination = $"{Name(to)}:{destination}" };
            var into = intoFolder || (!options.IsLiteral && paths.Any(RemoteItems.IsPattern)) || paths.Any(p => p.TrimEnd('/') is "" or ".");
            var sent = await SendAsync(to, items, into, destination, cancellationToken).ConfigureAwait(false);
            return sent with
            {
                Source = received.Source,
                Duration = session.Clock.GetElapsedTime(start),
                Checked = received.Checked && sent.Checked,
                Attempts = Math.Max(received.Attempts, sent.Attempts),
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<CopyResult> CopyAsync(
        Instance instance, string source, string destination, string what,
        Func<ISshSession, CancellationToken, Task<CopyPlan>> makePlan, CancellationToken cancellationToken)
    {
        var start = session.Clock.GetTimestamp();
        var line = new CopyLine(session, connector, options, report);
        var sum = new TransferTally();
        var track = "copy-" + Guid.NewGuid().ToString("N");
        CopyPlan? plan = null;
        var done = 0;
        var isChecked = true;
        await line.RunAsync(
            instance, what, sum,
            async (ssh, token) =>
            {
                if (plan is null)
                    plan = await makePlan(ssh, token).ConfigureAwait(false);
                else
                    await ssh.RunAsync(RsyncTrack.End(track), null, token).ConfigureAwait(false);
            },
            async (ssh, token) =>
            {
                var mark = plan!.NewFolder is { } folder ? folder.TrimEnd('/') + "/" + CopyMark.Name : null;
                for (; done < plan.Transfers.Count; done++)
                {
                    // Where one connection brings the whole, the mark goes with the command that brings it.
                    var transfer = plan.Transfers[done] with { ByContent = options.ByContent, Track = track, Mark = line.Attempts == 1 ? mark : null };
                    var one = await TransferAsync(ssh, transfer, sum, token).ConfigureAwait(false);
                    sum.Add(one);
                    isChecked &= one.IsChecked;
                    mark = one.IsMarkGone ? null : mark;
                }

                // What was put together from several connections is compared as a whole once more.
                for (var again = 0; line.Attempts > 1 && !options.ByContent && again < plan.Transfers.Count; again++)
                    await TransferAsync(ssh, plan.Transfers[again] with { ByContent = true, Track = track }, sum, token).ConfigureAwait(false);
                if (sum.LinksLeftOut > 0)
                    report?.Report(new WarningReport($"{what}: {CopyErrors.LinksLeftOut(sum.LinksLeftOut)}"));
                if (mark is not null)
                    await RemoveMarkAsync(ssh, plan.Transfers[0].ToMachine, mark, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return new CopyResult(
            source, destination, instance.InstanceId, sum.Files, sum.Bytes, sum.FilesSent, sum.BytesSent,
            session.Clock.GetElapsedTime(start), isChecked, line.Attempts);
    }

    /// <summary>One transfer; of one that fails, what travelled counts.</summary>
    private async Task<TransferTally> TransferAsync(ISshSession ssh, FileTransfer transfer, TransferTally sum, CancellationToken cancellationToken)
    {
        var one = new TransferTally { Arrived = sum.Arrived };
        try
        {
            await ssh.TransferAsync(transfer, one, report, cancellationToken).ConfigureAwait(false);
            return one;
        }
        catch (Fe2Exception)
        {
            sum.FilesSent += one.FilesSent;
            sum.BytesSent += one.BytesSent;
            sum.Left = one.Left;
            sum.Missing = one.Missing;
            throw;
        }
    }

    private static async Task RemoveMarkAsync(ISshSession ssh, bool there, string mark, CancellationToken cancellationToken)
    {
        if (there)
            await ssh.RunAsync("rm -f -- " + RemoteFolder.Quote(mark), null, cancellationToken).ConfigureAwait(false);
        else
            File.Delete(mark);
    }

    private static string Name(Instance instance) => InstanceFacts.NameOf(instance) ?? instance.InstanceId;
}
