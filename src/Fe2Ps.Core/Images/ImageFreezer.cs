using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Images;

/// <summary>
/// Freezes a machine: its disks become an image, from which any number of machines like it are launched. Image and snapshots carry their
/// tags from the call that makes them.
/// </summary>
public sealed class ImageFreezer(Fe2Session session, ISshConnector connector)
{
    /// <summary>The tag with the id of one freezing: what a lost answer made is found by it.</summary>
    internal const string FreezeTag = "fe2:freeze";

    private const int MostDescription = 255;

    private readonly ImageFinder _finder = new(session);

    /// <summary>Freezes the machine and returns the image in the state that it is in by then: <c>pending</c>, unless it was to be waited for.</summary>
    /// <exception cref="Fe2Exception">
    /// <c>ImageNameTaken</c>, <c>ImageNameInvalid</c>, <c>DescriptionTooLong</c>, <c>TagReserved</c>, <c>InstanceCannotFreeze</c>, <c>ImageFailed</c> where it was waited for.
    /// </exception>
    public Task<Image> FreezeAsync(
        Instance instance, FreezeRequest request, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"freeze {InstanceFacts.Label(instance)}", instance.InstanceId, async () =>
        {
            string name = request.Name ?? InstanceFacts.NameOf(instance) ?? instance.InstanceId;
            Check(instance, name, request);
            IReadOnlyList<Image> own = await _finder.OwnAsync(cancellationToken).ConfigureAwait(false);
            Image[] former = [.. own.Where(i => ImageFacts.NameOf(i) == name && (ImageFacts.StateOf(i) is "pending" or "available"))];
            if (former.Length > 0 && !request.Replace)
                throw Taken(name, former[0]);
            if (InstanceFacts.StateOf(instance) == "running")
            {
                await new FreezeLook(session, connector, report).TakeAsync(instance, request, cancellationToken).ConfigureAwait(false);
                if (!request.NoReboot)
                    report?.Report(new WarningReport($"{InstanceFacts.NameOf(instance) ?? instance.InstanceId} restarts now, so that its disks are frozen whole."));
            }

            var left = new List<Image>(former);
            string? id = null;
            try
            {
                id = await CreateAsync(instance, name, request, own, report, cancellationToken).ConfigureAwait(false);
                Image image = await MadeAsync(id, name, report, cancellationToken).ConfigureAwait(false);
                if (!request.Wait && !request.Replace)
                    return image;
                image = await FinishedAsync(image, report, cancellationToken).ConfigureAwait(false);
                await RemoveFormerAsync(left, report, cancellationToken).ConfigureAwait(false);
                return image;
            }
            catch (Exception e) when (left.Count > 0 && (e is OperationCanceledException || (id is not null && e is not Fe2Exception { Id: "ImageFailed" })))
            {
                string old = string.Join(", ", left.Select(i => i.ImageId));
                report?.Report(new WarningReport(
                    $"What was to be replaced, {old}, is kept and costs. When {id ?? "the new image"} is available: Remove-Fe2Ami {old} -Force -Region {session.Region}"));
                throw;
            }
        });

    private static void Check(Instance instance, string name, FreezeRequest request)
    {
        ImageName.Check(name);
        if (request.Description is { Length: > MostDescription } text)
        {
            throw new Fe2Exception(
                "DescriptionTooLong", Fe2ErrorKind.InvalidArgument, $"The description has {text.Length} characters.",
                $"Give a -Description of {MostDescription} characters at most.", instance.InstanceId);
        }

        if (request.Tags.Keys.FirstOrDefault(k => k == TagNames.Name || k.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) || k is TagNames.Owner or TagNames.User or FreezeTag) is { } reserved)
        {
            throw new Fe2Exception("TagReserved", Fe2ErrorKind.InvalidArgument, $"The tag '{reserved}' is set by others.", "Choose another tag.", reserved);
        }

        if (InstanceFacts.StateOf(instance) is not ("running" or "stopped") and var state)
        {
            throw new Fe2Exception(
                "InstanceCannotFreeze", Fe2ErrorKind.InvalidState, $"{InstanceFacts.Label(instance)} is {state}; only a running or stopped machine can be frozen.",
                $"Wait until it is: Wait-Fe2Instance {InstanceFacts.NameOf(instance) ?? instance.InstanceId}", instance.InstanceId);
        }
    }

    private async Task<string> CreateAsync(
        Instance instance, string name, FreezeRequest request, IReadOnlyList<Image> own, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N");
        List<Tag> tags =
        [
            new(TagNames.Name, name), new(TagNames.Owner, Owner.Of(session.Environment)), new(FreezeTag, id),
            .. request.Tags.Select(t => new Tag(t.Key, t.Value)),
        ];
        if (InstanceTargets.WrittenUserOf(instance) is { } user)
            tags.Add(new(TagNames.User, user));
        string from = InstanceFacts.NameOf(instance) ?? instance.InstanceId;
        var call = new CreateImageRequest
        {
            InstanceId = instance.InstanceId,
            Name = ImageName.For(name, [.. own.Select(i => i.Name)], session.Clock.GetUtcNow()),
            Description = request.Description ?? $"Frozen from {string.Concat(from.Where(char.IsAscii))} by Fe2Ps",
            NoReboot = request.NoReboot,
            TagSpecifications =
            [
                new TagSpecification { ResourceType = ResourceType.Image, Tags = tags },
                new TagSpecification { ResourceType = ResourceType.Snapshot, Tags = tags },
            ],
        };
        cancellationToken.ThrowIfCancellationRequested();

        // The order is never cancelled half-way: its answer is the only sure news.
        Task<CreateImageResponse> ordering = session.Ec2.CreateImageAsync(call, CancellationToken.None);
        try
        {
            return (await ordering.WaitAsync(cancellationToken).ConfigureAwait(false)).ImageId;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport(
                $"Interrupted while EC2 had the order: the image '{name}' may come, and cost. Get-Fe2Ami '{name}' -Region {session.Region} shows it, Remove-Fe2Ami removes it."));
            throw;
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidAMIName.Duplicate")
        {
            // Either somebody else was faster, or the answer to our own call was lost and the call repeated: there is no client token for images.
            IReadOnlyList<Image> now = await _finder.OwnAsync(cancellationToken).ConfigureAwait(false);
            return now.FirstOrDefault(i => ImageFacts.TagOf(i, FreezeTag) == id)?.ImageId
                ?? throw Taken(name, now.FirstOrDefault(i => i.Name == call.Name));
        }
        catch (Exception e) when (e is not AmazonServiceException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError })
        {
            // EC2 may have done it all the same.
            if (await FindLostAsync(id).ConfigureAwait(false) is { } lost)
                return lost;
            throw;
        }
    }

    private async Task<string?> FindLostAsync(string freeze)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), session.Clock);
            return (await _finder.OwnAsync(limit.Token).ConfigureAwait(false)).FirstOrDefault(i => ImageFacts.TagOf(i, FreezeTag) == freeze)?.ImageId;
        }
        catch (Exception e) when (IsOfTheWay(e) || e is OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The image that was ordered. Whatever keeps it from being seen, it is there: the message names it.</summary>
    private async Task<Image> MadeAsync(string id, string name, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        try
        {
            return await FreshRetry.RunAsync(session, () => OneAsync(id, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport(
                $"Interrupted. The image {name} ({id}) is being made and goes on by itself; Get-Fe2Ami {id} -Region {session.Region} shows it, Remove-Fe2Ami {id} removes it."));
            throw;
        }
        catch (Exception e) when (IsOfTheWay(e))
        {
            Fe2Exception failure = ErrorTranslation.Translate(e, session, $"look at the new image {name}", id);
            throw new Fe2Exception(failure.Id, failure.Kind, $"{failure.Message} The image {id} is being made all the same.", $"{failure.NextStep} Then: Get-Fe2Ami {id}", id, e);
        }
    }

    private static bool IsOfTheWay(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException;

    private async Task<Image> OneAsync(string id, CancellationToken cancellationToken) =>
        (await session.Ec2.DescribeImagesAsync(new DescribeImagesRequest { ImageIds = [id] }, cancellationToken).ConfigureAwait(false)).Images.Single();

    /// <summary>The image once it can be launched. One that EC2 could not make is taken away again: its snapshots would cost.</summary>
    private async Task<Image> FinishedAsync(Image image, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        ImageSelection done = await new ImageWaiter(session).WaitAsync([image], null, report, cancellationToken).ConfigureAwait(false);
        if (done.Images.Count == 1)
            return done.Images[0];
        Fe2Exception failure = done.Problems[0];
        if (failure.Id != "ImageFailed")
            throw failure;
        string after;
        try
        {
            await new ImageRemoval(session).RemoveRawAsync(image, CancellationToken.None).ConfigureAwait(false);
            after = "It was taken away again, with its snapshots.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            after = $"It could not be taken away again ({e.Message}); its snapshots cost until it is: Remove-Fe2Ami {image.ImageId}";
        }

        throw new Fe2Exception(failure.Id, failure.Kind, $"{failure.Message} {after}", failure.NextStep, failure.Target, failure);
    }

    /// <summary>Removes the former images; each leaves the list when it is gone, or when it was said that it could not be removed.</summary>
    private async Task RemoveFormerAsync(List<Image> former, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var removal = new ImageRemoval(session);
        foreach (Image old in former.ToList())
        {
            IReadOnlyList<string> templates = await removal.TemplatesAsync(old, report, cancellationToken).ConfigureAwait(false);
            if (templates.Count > 0)
                report?.Report(new WarningReport($"The launch template {string.Join(", ", templates)} still names the image that was replaced, {old.ImageId}."));
            try
            {
                await removal.RemoveRawAsync(old, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode?.StartsWith("InvalidAMIID", StringComparison.Ordinal) == true)
            {
                // Somebody else has removed it, perhaps a second freezing of the same name.
            }
            catch (Exception e) when (e is Fe2Exception || IsOfTheWay(e))
            {
                report?.Report(new WarningReport(
                    $"The new image is there, but the one that it replaces, {old.ImageId}, could not be removed and costs ({e.Message.TrimEnd('.')}). "
                    + $"Run: Remove-Fe2Ami {old.ImageId} -Force -Region {session.Region}"));
            }

            former.Remove(old);
        }
    }

    private Fe2Exception Taken(string name, Image? holder)
    {
        string age = holder is not null && ImageFacts.CreatedAt(holder) is { } made ? $", made {AgeText.Of(session.Clock.GetUtcNow() - made)} ago" : "";
        return new Fe2Exception(
            "ImageNameTaken", Fe2ErrorKind.Ambiguous,
            $"There is an image '{name}' already{(holder is null ? "" : $": {holder.ImageId} ({ImageFacts.StateOf(holder)}{age})")}.",
            "Give the new one another -Name, or let it take the old one's place with -Force: the old one goes when the new one is available.", name);
    }
}
