using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Images;

/// <summary>Images, and what is wrong with others.</summary>
public sealed record ImageSelection(IReadOnlyList<Image> Images, IReadOnlyList<Fe2Exception> Problems);

/// <summary>Waits until images can be launched. How far they are is read from their snapshots.</summary>
public sealed class ImageWaiter(Fe2Session session)
{
    /// <summary>Waits for all of them.</summary>
    /// <param name="images">The images.</param>
    /// <param name="timeout">How long, for all together; null waits as long as EC2 takes, which for large disks is hours.</param>
    /// <param name="report">Told how far they are.</param>
    /// <param name="cancellationToken">Ends the waiting; the images go on.</param>
    /// <returns>Those that are available, and a problem for each that failed (<c>ImageFailed</c>), is gone (<c>ImageNotFound</c>) or took too long (<c>WaitTimedOut</c>).</returns>
    public Task<ImageSelection> WaitAsync(
        IReadOnlyList<Image> images, TimeSpan? timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("wait for images", null, async () =>
        {
            string[] order = [.. images.Select(i => i.ImageId).Distinct()];
            Dictionary<string, Image> open = images.DistinctBy(i => i.ImageId).ToDictionary(i => i.ImageId);
            var done = new Dictionary<string, Image>();
            var problems = new List<Fe2Exception>();
            DateTimeOffset start = session.Clock.GetUtcNow();
            try
            {
                for (int n = 0; ; n++)
                {
                    IReadOnlyList<Image> now = await ByIdsAsync([.. open.Keys], cancellationToken).ConfigureAwait(false);
                    Sort(now, open, done, problems, isFirst: n == 0);
                    if (open.Count == 0)
                        break;
                    if (timeout is { } limit && session.Clock.GetUtcNow() - start >= limit)
                    {
                        problems.AddRange(open.Values.Select(TimedOut));
                        break;
                    }

                    await TellAsync(open.Values, order.Length - open.Count, report, cancellationToken).ConfigureAwait(false);
                    await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                report?.Report(new WarningReport(
                    $"Not available yet: {string.Join(", ", open.Values.Select(ImageFacts.Label))}. They go on by themselves; Get-Fe2Ami shows how far they are, Wait-Fe2Ami goes on waiting."));
                throw;
            }

            return new ImageSelection([.. order.Where(done.ContainsKey).Select(id => done[id])], problems);
        });

    /// <summary>How far each of these images is, 0 to 100, by id: what EC2 says of their snapshots, weighed by size. One question for all.</summary>
    public Task<IReadOnlyDictionary<string, int>> PercentAsync(IEnumerable<Image> images, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyDictionary<string, int>>("look at snapshots", null, async () =>
        {
            Image[] all = [.. images];
            var progress = new Dictionary<string, Snapshot>(StringComparer.Ordinal);
            foreach (string[] few in all.SelectMany(ImageFacts.SnapshotIds).Distinct(StringComparer.Ordinal).Chunk(InstanceQuery.FilterValues))
            {
                // By a filter: a snapshot that is not there yet, or no more, fails nobody's question.
                DescribeSnapshotsResponse page = await session.Ec2.DescribeSnapshotsAsync(
                    new DescribeSnapshotsRequest { OwnerIds = ["self"], Filters = [InstanceQuery.Filter("snapshot-id", few)] }, cancellationToken).ConfigureAwait(false);
                page.Snapshots.ForEach(s => progress[s.SnapshotId] = s);
            }

            return all.ToDictionary(i => i.ImageId, i => Percent([.. ImageFacts.SnapshotIds(i).Select(progress.GetValueOrDefault).OfType<Snapshot>()]));
        });

    private static int Percent(IReadOnlyCollection<Snapshot> snapshots)
    {
        double size = snapshots.Sum(s => Math.Max(1, s.VolumeSize ?? 1));
        return size == 0 ? 0 : (int)(snapshots.Sum(s => Math.Max(1, s.VolumeSize ?? 1) * Percent(s)) / size);
    }

    private static double Percent(Snapshot snapshot) =>
        snapshot.State?.Value == "completed" ? 100
        : double.TryParse(snapshot.Progress?.TrimEnd('%'), NumberStyles.Number, CultureInfo.InvariantCulture, out double percent) ? percent : 0;

    private async Task TellAsync(IEnumerable<Image> open, int done, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (report is null)
            return;
        Image[] waiting = [.. open];
        IReadOnlyDictionary<string, int> percents = await PercentAsync(waiting, cancellationToken).ConfigureAwait(false);
        foreach (Image image in waiting)
        {
            int percent = percents[image.ImageId];
            report.Report(new ProgressReport(
                $"Freezing {ImageFacts.NameOf(image)}", percent == 100 ? "the disks are copied; EC2 makes the image" : $"{percent} % of the disks are copied", percent));
        }
    }

    private async Task<IReadOnlyList<Image>> ByIdsAsync(string[] ids, CancellationToken cancellationToken)
    {
        var found = new List<Image>();
        foreach (string[] few in ids.Chunk(InstanceQuery.FilterValues))
        {
            DescribeImagesResponse page = await session.Ec2.DescribeImagesAsync(
                new DescribeImagesRequest { Filters = [InstanceQuery.Filter("image-id", few)] }, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.Images);
        }

        return found;
    }

    private void Sort(IReadOnlyList<Image> now, Dictionary<string, Image> open, Dictionary<string, Image> done, List<Fe2Exception> problems, bool isFirst)
    {
        foreach (Image image in now)
        {
            if (!open.ContainsKey(image.ImageId))
                continue;
            open[image.ImageId] = image;
            switch (ImageFacts.StateOf(image))
            {
                case "pending" or "transient":
                    continue;
                case "available":
                    done[image.ImageId] = image;
                    break;
                default:
                    problems.Add(Failed(image));
                    break;
            }

            open.Remove(image.ImageId);
        }

        // What has just been made may not be visible at the first look.
        if (isFirst)
            return;
        foreach (Image missing in open.Values.Where(i => now.All(n => n.ImageId != i.ImageId)).ToList())
        {
            problems.Add(new Fe2Exception(
                "ImageNotFound", Fe2ErrorKind.NotFound, $"The image {ImageFacts.Label(missing)} is gone from {session.Region}.", "Freeze the machine again: New-Fe2Ami.", missing.ImageId));
            open.Remove(missing.ImageId);
        }
    }

    private static Fe2Exception Failed(Image image) => new(
        "ImageFailed", Fe2ErrorKind.OperationFailed,
        $"EC2 could not make the image {ImageFacts.Label(image)}; it is {ImageFacts.StateOf(image)}: {(ImageFacts.ReasonOf(image) ?? "EC2 gives no reason").TrimEnd('.')}.",
        "Freeze the machine again: New-Fe2Ami. If it fails again, stop the machine first.", image.ImageId);

    private static Fe2Exception TimedOut(Image image) => new(
        "WaitTimedOut", Fe2ErrorKind.Timeout, $"The image {ImageFacts.Label(image)} is still {ImageFacts.StateOf(image)}.",
        "It goes on by itself; wait again with a longer -Timeout.", image.ImageId);
}
