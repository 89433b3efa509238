using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Images;

/// <summary>Removes images with their snapshots, which would go on costing without them.</summary>
public sealed class ImageRemoval(Fe2Session session)
{
    /// <summary>Removes an image of the account.</summary>
    /// <param name="image">The image.</param>
    /// <param name="force">Also where an instance or a launch template uses it. Instances that exist go on without it.</param>
    /// <param name="report">Told where the launch templates may not be looked at.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="Fe2Exception"><c>ImageNotOwn</c>, <c>ImageInUse</c>, <c>SnapshotsLeft</c> where the image is gone and some of its snapshots are not.</exception>
    public Task RemoveAsync(Image image, bool force, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"remove the image {ImageFacts.Label(image)}", image.ImageId, async () =>
        {
            await CheckOwnAsync(image, cancellationToken).ConfigureAwait(false);
            if (!force)
                await CheckUnusedAsync(image, report, cancellationToken).ConfigureAwait(false);
            await RemoveRawAsync(image, cancellationToken).ConfigureAwait(false);
        });

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
    internal async Task<IReadOnlyList<string>> TemplatesAsync(Image image, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        try
        {
            var request = new DescribeLaunchTemplateVersionsRequest
            {
                Versions = ["$Latest", "$Default"],
                Filters = [InstanceQuery.Filter("image-id", [image.ImageId])],
            };
            do
            {
                DescribeLaunchTemplateVersionsResponse page = await session.Ec2.DescribeLaunchTemplateVersionsAsync(request, cancellationToken).ConfigureAwait(false);
                names.AddRange(page.LaunchTemplateVersions.Select(v => v.LaunchTemplateName));
                request.NextToken = page.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "UnauthorizedOperation")
        {
            report?.Report(new WarningReport($"Whether a launch template names {ImageFacts.Label(image)} could not be looked at: these credentials may not."));
        }

        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    private async Task CheckOwnAsync(Image image, CancellationToken cancellationToken)
    {
        if ((await new ImageFinder(session).OwnAsync(cancellationToken).ConfigureAwait(false)).Any(i => i.ImageId == image.ImageId))
            return;
        throw new Fe2Exception(
            "ImageNotOwn", Fe2ErrorKind.InvalidArgument, $"The image {ImageFacts.Label(image)} belongs to {image.ImageOwnerAlias ?? image.OwnerId}, not to this account.",
            "Get-Fe2Ami -Own lists those that can be removed.", image.ImageId);
    }

    private async Task CheckUnusedAsync(Image image, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<Instance> instances = await new InstanceQuery(session).ByFiltersAsync(
            [InstanceQuery.Filter("image-id", [image.ImageId]), InstanceQuery.Filter("instance-state-name", ["pending", "running", "stopping", "stopped"])],
            cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> templates = await TemplatesAsync(image, report, cancellationToken).ConfigureAwait(false);
        if (instances.Count + templates.Count == 0)
            return;
        string[] users = [.. instances.Select(InstanceFacts.Label), .. templates.Select(t => $"the launch template {t}")];
        throw new Fe2Exception(
            "ImageInUse", Fe2ErrorKind.InvalidState,
            $"The image {ImageFacts.Label(image)} is in use by {string.Join(", ", users.Take(5))}{(users.Length > 5 ? $" and {users.Length - 5} more" : "")}.",
            templates.Count > 0
                ? "With -Force it goes all the same; the launch template will launch nothing any more."
                : "With -Force it goes all the same; what was launched from it goes on.",
            image.ImageId);
    }

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
