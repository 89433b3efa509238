using Amazon.EC2;
using Amazon.EC2.Model;
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

            string id = await CreateAsync(instance, name, request, own, cancellationToken).ConfigureAwait(false);
            Image image = await FreshRetry.RunAsync(session, () => OneAsync(id, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (!request.Wait && !request.Replace)
                return image;
            image = await FinishedAsync(image, report, cancellationToken).ConfigureAwait(false);
            await RemoveFormerAsync(former, report, cancellationToken).ConfigureAwait(false);
            return image;
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

        if (request.Tags.Keys.FirstOrDefault(k => k == TagNames.Name || k.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) || k is TagNames.Owner or FreezeTag) is { } reserved)
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
        Instance instance, string name, FreezeRequest request, IReadOnlyList<Image> own, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N");
        List<Tag> tags =
        [
            new(TagNames.Name, name), new(TagNames.Owner, Owner.Of(session.Environment)), new(FreezeTag, id),
            .. request.Tags.Select(t => new Tag(t.Key, t.Value)),
        ];
        if (InstanceFacts.TagOf(instance, TagNames.User) is { } user)
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
        try
        {
            return (await session.Ec2.CreateImageAsync(call, cancellationToken).ConfigureAwait(false)).ImageId;
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidAMIName.Duplicate")
        {
            // Either somebody else was faster, or the answer to our own call was lost and the call repeated: there is no client token for images.
            IReadOnlyList<Image> now = await _finder.OwnAsync(cancellationToken).ConfigureAwait(false);
            return now.FirstOrDefault(i => ImageFacts.TagOf(i, FreezeTag) == id)?.ImageId
                ?? throw Taken(name, now.FirstOrDefault(i => i.Name == call.Name));
        }
    }

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

    private async Task RemoveFormerAsync(IReadOnlyList<Image> former, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var removal = new ImageRemoval(session);
        foreach (Image old in former)
        {
            IReadOnlyList<string> templates = await removal.TemplatesAsync(old, report, cancellationToken).ConfigureAwait(false);
            if (templates.Count > 0)
                report?.Report(new WarningReport($"The launch template {string.Join(", ", templates)} still names the image that was replaced, {old.ImageId}."));
            await removal.RemoveRawAsync(old, cancellationToken).ConfigureAwait(false);
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
