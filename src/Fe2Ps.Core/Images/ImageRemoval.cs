using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Images;

/// <summary>Removes images with their snapshots, which would go on costing without them.</summary>
public sealed class ImageRemoval(Fe2Session session)
{
    private const string TemplateMark = "the launch template ";

    /// <summary>Removes an image of the account.</summary>
    /// <param name="image">The image.</param>
    /// <param name="force">Also where an instance or a launch template uses it. Instances that exist go on without it.</param>
    /// <param name="report">Told where the launch templates may not be looked at.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="Fe2Exception"><c>ImageNotOwn</c>, <c>ImageInUse</c>, <c>SnapshotsLeft</c> where the image is gone and some of its snapshots are not.</exception>
    public async Task RemoveAsync(Image image, bool force, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        Fe2Exception? problem = null;
        await RemoveAllAsync(
            [image], force,
            (_, failure) =>
            {
                problem = failure;
                return Task.CompletedTask;
            },
            report, cancellationToken).ConfigureAwait(false);
        if (problem is not null)
            throw problem;
    }

    /// <summary>Removes images of the account: whose they are and who uses them is asked once for all of them, and one that stays does not hold up the rest.</summary>
    /// <param name="images">The images.</param>
    /// <param name="force">Also those that an instance or a launch template uses.</param>
    /// <param name="done">Told of each: that it is gone, or why not.</param>
    /// <param name="report">Told where the launch templates may not be looked at.</param>
    /// <param name="cancellationToken">Ends the work between two images.</param>
    public async Task RemoveAllAsync(
        IReadOnlyList<Image> images, bool force, Func<Image, Fe2Exception?, Task> done, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        if (images.Count == 0)
            return;
        string what = images is [var only] ? $"remove the image {ImageFacts.Label(only)}" : $"remove {images.Count} images";
        (HashSet<string> own, ILookup<string, string> users) = await session.GuardAsync(what, images[0].ImageId, async () =>
        {
            HashSet<string> ids = [.. (await new ImageFinder(session).OwnAsync(cancellationToken).ConfigureAwait(false)).Select(i => i.ImageId)];
            return (ids, force ? NoUsers : await UsersAsync([.. images.Where(i => ids.Contains(i.ImageId))], report, cancellationToken).ConfigureAwait(false));
        }).ConfigureAwait(false);
        foreach (Image image in images)
        {
            Fe2Exception? problem = null;
            try
            {
                await session.GuardAsync($"remove the image {ImageFacts.Label(image)}", image.ImageId, async () =>
                {
                    if (!own.Contains(image.ImageId))
                        throw NotOwn(image);
                    if (users[image.ImageId].Any())
                        throw InUse(image, [.. users[image.ImageId]]);
                    await RemoveRawAsync(image, cancellationToken).ConfigureAwait(false);
                }).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                problem = failure;
            }

            await done(image, problem).ConfigureAwait(false);
        }
    }

    /// <summary>Removes it without looking who uses it.</summary>
    internal async Task RemoveRawAsync(Image image, CancellationToken cancellationToken)
    {
        // One call for all, so that no cut connection comes between the image and its snapshots. An EC2 that does not know the option
        // answers without results; then they are deleted one by one.
        DeregisterImageResponse answer = await session.Ec2.DeregisterImageAsync(
            new DeregisterImageRequest { ImageId = image.ImageId, DeleteAssociatedSnapshots = true }, cancellationToken).ConfigureAwait(false);
        var left = new List<(string Id, string Why)>();
        if (answer.DeleteSnapshotResults is { Count: > 0 } results)
        {
            left.AddRange(results.Where(r => r.ReturnCode?.Value != "success").Select(r => (r.SnapshotId, Reason(r.ReturnCode?.Value))));
        }
        else
        {
            foreach (string id in ImageFacts.SnapshotIds(image))
            {
                if (await TryDeleteAsync(id, cancellationToken).ConfigureAwait(false) is { } why)
                    left.Add((id, why));
            }
        }

        // Snapshots that another image needs too are no leftovers.
        left.RemoveAll(l => l.Why.Length == 0);
        if (left.Count > 0)
        {
            throw new Fe2Exception(
                "SnapshotsLeft", Fe2ErrorKind.OperationFailed,
                $"The image {ImageFacts.Label(image)} is gone, but its snapshots are still there and cost: {string.Join(", ", left.Select(l => $"{l.Id} ({l.Why})"))}.",
                $"Remove them: Remove-Fe2Snapshot {string.Join(",", left.Select(l => l.Id))}", image.ImageId);
        }
    }

    /// <summary>The names of the launch templates whose newest or default version names the image; none where they may not be looked at.</summary>
    internal async Task<IReadOnlyList<string>> TemplatesAsync(Image image, IProgress<Fe2Report>? report, CancellationToken cancellationToken) =>
        [.. (await TemplatesAsync([image], report, cancellationToken).ConfigureAwait(false)).Select(t => t.Template).Distinct(StringComparer.Ordinal)];

    private static ILookup<string, string> NoUsers { get; } = Array.Empty<string>().ToLookup(u => u);

    /// <summary>Who uses each of these images, by its id.</summary>
    private async Task<ILookup<string, string>> UsersAsync(IReadOnlyList<Image> images, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var users = new List<(string ImageId, string User)>();
        foreach (Image[] few in images.Chunk(InstanceQuery.FilterValues))
        {
            List<Instance> instances = await new InstanceQuery(session).ByFiltersAsync(
                [InstanceQuery.Filter("image-id", few.Select(i => i.ImageId)), InstanceQuery.Filter("instance-state-name", ["pending", "running", "stopping", "stopped"])],
                cancellationToken).ConfigureAwait(false);
            users.AddRange(instances.Select(i => (i.ImageId, InstanceFacts.Label(i))));
        }

        users.AddRange((await TemplatesAsync(images, report, cancellationToken).ConfigureAwait(false)).Select(t => (t.ImageId, TemplateMark + t.Template)));
        return users.Distinct().ToLookup(u => u.ImageId, u => u.User, StringComparer.Ordinal);
    }

    private async Task<List<(string ImageId, string Template)>> TemplatesAsync(IReadOnlyList<Image> images, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var found = new List<(string, string)>();
        try
        {
            foreach (Image[] few in images.Chunk(InstanceQuery.FilterValues))
            {
                var request = new DescribeLaunchTemplateVersionsRequest
                {
                    Versions = ["$Latest", "$Default"],
                    Filters = [InstanceQuery.Filter("image-id", few.Select(i => i.ImageId))],
                };
                do
                {
                    DescribeLaunchTemplateVersionsResponse page = await session.Ec2.DescribeLaunchTemplateVersionsAsync(request, cancellationToken).ConfigureAwait(false);
                    found.AddRange(page.LaunchTemplateVersions.Select(v => (v.LaunchTemplateData?.ImageId ?? "", v.LaunchTemplateName)));
                    request.NextToken = page.NextToken;
                }
                while (!string.IsNullOrEmpty(request.NextToken));
            }
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "UnauthorizedOperation")
        {
            string what = images is [var only] ? ImageFacts.Label(only) : $"one of the {images.Count} images";
            report?.Report(new WarningReport($"Whether a launch template names {what} could not be looked at: these credentials may not."));
        }

        return found;
    }

    private static Fe2Exception NotOwn(Image image) => new(
        "ImageNotOwn", Fe2ErrorKind.InvalidArgument, $"The image {ImageFacts.Label(image)} belongs to {image.ImageOwnerAlias ?? image.OwnerId}, not to this account.",
        "Get-Fe2Ami -Own lists those that can be removed.", image.ImageId);

    private static Fe2Exception InUse(Image image, string[] users) => new(
        "ImageInUse", Fe2ErrorKind.InvalidState,
        $"The image {ImageFacts.Label(image)} is in use by {string.Join(", ", users.Take(5))}{(users.Length > 5 ? $" and {users.Length - 5} more" : "")}.",
        users.Any(u => u.StartsWith(TemplateMark, StringComparison.Ordinal))
            ? "With -Force it goes all the same; the launch template will launch nothing any more."
            : "With -Force it goes all the same; what was launched from it goes on.",
        image.ImageId);

    private async Task<string?> TryDeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.DeleteSnapshotAsync(new DeleteSnapshotRequest { SnapshotId = id }, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is "InvalidSnapshot.NotFound" or "InvalidSnapshot.InUse")
        {
            return e.ErrorCode == "InvalidSnapshot.InUse" ? "" : null;
        }
        catch (AmazonServiceException e)
        {
            return e.Message.TrimEnd('.');
        }
    }

    /// <summary>What EC2's return codes mean (DeregisterImage in the EC2 API reference).</summary>
    private static string Reason(string? code) => code switch
    {
        "skipped" => "",
        "missing-permissions" => "these credentials may not delete it",
        "internal-error" => "EC2 had trouble of its own",
        "client-error" => "EC2 refused it",
        _ => code ?? "EC2 does not say why",
    };
}
