using System.Collections.Concurrent;
using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Filter = Amazon.EC2.Model.Filter;

namespace Fe2Ps.Core.Images;

/// <summary>Finds machine images: the newest Ubuntu LTS, one by id, or some by name.</summary>
public sealed class ImageFinder(Fe2Session session)
{
    /// <summary>Canonical's account. Source: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/</summary>
    public const string Canonical = "099720109477";

    // Names are not protected: anybody may publish an image under any name. So a name is looked up among these owners only.
    private static readonly string[] Trusted = ["amazon", Canonical];
    private static readonly ConcurrentDictionary<string, string> NewestUbuntu = new();

    /// <summary>The image that a launch uses: by id, by name, or the newest Ubuntu LTS for the architecture.</summary>
    /// <param name="image">An id (<c>ami-...</c>), a name, a name with wildcards, or null.</param>
    /// <param name="architecture"><c>x86_64</c> or <c>arm64</c>; images of others are passed over. Null takes any by name, <c>x86_64</c> for Ubuntu.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="Fe2Exception"><c>ImageNotFound</c>, <c>ImageNotAvailable</c>, <c>ImageArchitecture</c>.</exception>
    public Task<Image> GetAsync(string? image = null, string? architecture = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find an image", image, () => FindAsync(image, architecture, cancellationToken));

    /// <summary>The images that match a name, own ones first, then the newest first.</summary>
    /// <param name="names">Ids or names with wildcards; empty means all of the account's own. A name is the Name tag or EC2's own name.</param>
    /// <param name="architecture"><c>x86_64</c>, <c>arm64</c>, or null for any.</param>
    /// <param name="owners">
    /// Whose images: <c>self</c>, <c>amazon</c>, <c>aws-marketplace</c>, <c>canonical</c>, or the number of an account. Empty means own ones,
    /// else those of Amazon and Canonical.
    /// </param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Own images in every state, since a freeze takes its time; images of others only when available.</returns>
    /// <exception cref="Fe2Exception"><c>ImageNotFound</c>, <c>OwnerInvalid</c>.</exception>
    public async Task<IReadOnlyList<Image>> ListAsync(
        IReadOnlyList<string> names, string? architecture = null, IReadOnlyList<string>? owners = null, CancellationToken cancellationToken = default)
    {
        ImageSelection found = await SelectAsync(names, architecture, owners, cancellationToken).ConfigureAwait(false);
        return found.Problems.Count == 0 ? found.Images : throw found.Problems[0];
    }

    /// <summary>As <see cref="ListAsync"/>, but a name that stands for nothing is a problem beside the images of the others.</summary>
    /// <exception cref="Fe2Exception"><c>OwnerInvalid</c>.</exception>
    public Task<ImageSelection> SelectAsync(
        IReadOnlyList<string> names, string? architecture = null, IReadOnlyList<string>? owners = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list images", names.FirstOrDefault(), async () => names.Count == 0
            ? new ImageSelection([.. (await OwnAsync(cancellationToken).ConfigureAwait(false)).Where(i => architecture is null || i.Architecture?.Value == architecture)], [])
            : await NamedAsync(names, architecture, owners, oneEach: false, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// The account's own images to act on: a name without wildcards that stands for several is a problem that lists the ids, and none of those is
    /// among them; no names mean no images.
    /// </summary>
    public Task<ImageSelection> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find images", names.FirstOrDefault(), () => NamedAsync(names, null, ["self"], oneEach: true, cancellationToken));

    /// <summary>All images of the account in the region, in every state, the newest first. Raw errors.</summary>
    internal async Task<IReadOnlyList<Image>> OwnAsync(CancellationToken cancellationToken)
    {
        List<Image> own = await DescribeAsync(["self"], [], null, false, cancellationToken).ConfigureAwait(false);
        CompletionCache.Put(session, CompletionKind.Image, NamesOf(own));
        return own;
    }

    /// <summary>The names that people use, each once, in natural order.</summary>
    internal static IReadOnlyList<string> NamesOf(IEnumerable<Image> images) =>
        [.. images.Select(ImageFacts.NameOf).Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];

    /// <summary>True for text that is an image's id.</summary>
    public static bool IsId(string text) => text.StartsWith("ami-", StringComparison.Ordinal);

    private async Task<ImageSelection> NamedAsync(
        IReadOnlyList<string> names, string? architecture, IReadOnlyList<string>? owners, bool oneEach, CancellationToken cancellationToken)
    {
        string[] whose = [.. (owners ?? []).Select(OwnerOf)];
        IReadOnlyList<Image>? own = null;
        var found = new List<Image>();
        var problems = new List<Fe2Exception>();

        // A pipeline names its images by their ids: most are own ones, and one question knows all of those.
        if (names.Count(IsId) > 1)
            own = await OwnAsync(cancellationToken).ConfigureAwait(false);
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            if (IsId(name))
            {
                if ((own?.FirstOrDefault(i => i.ImageId == name) ?? await TryByIdAsync(name, cancellationToken).ConfigureAwait(false)) is { } one)
                    found.Add(one);
                else
                    problems.Add(NotFound(name));
                continue;
            }

            List<Image> matches = [];
            if (whose.Length == 0 || whose.Contains("self"))
            {
                own ??= await OwnAsync(cancellationToken).ConfigureAwait(false);
                matches.AddRange(own.Where(i => ImageFacts.IsCalled(i, name) && (architecture is null || i.Architecture?.Value == architecture)));
            }

            string[] others = whose.Length > 0 ? [.. whose.Where(o => o != "self")] : matches.Count == 0 && name != "*" ? Trusted : [];
            if (others.Length > 0)
                matches.AddRange(await DescribeAsync(others, [NameFilter(name)], architecture, true, cancellationToken).ConfigureAwait(false));
            if (oneEach && matches.Count > 1 && !HasWildcard(name))
            {
                problems.Add(Ambiguous(name, matches));
                continue;
            }

            found.AddRange(matches);
            if (matches.Count == 0 && !HasWildcard(name))
                problems.Add(NotFound(name));
        }

        return new ImageSelection([.. found.DistinctBy(i => i.ImageId)], problems);
    }

    private async Task<Image> FindAsync(string? image, string? architecture, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(image))
            return await NewestUbuntuAsync(architecture ?? "x86_64", cancellationToken).ConfigureAwait(false);
        if (IsId(image))
            return Fitting(await ByIdAsync(image, cancellationToken).ConfigureAwait(false), architecture);

        List<Image> own = [.. (await OwnAsync(cancellationToken).ConfigureAwait(false)).Where(i => ImageFacts.IsCalled(i, image))];
        List<Image> usable = [.. own.Where(i => i.State == ImageState.Available)];
        if (usable.Count == 0 && own.Count == 0)
        {
            usable = await DescribeAsync(Trusted, [NameFilter(image)], architecture, true, cancellationToken).ConfigureAwait(false);
            if (usable.Count == 0)
                throw NotFound(image);
        }

        if (usable.Count == 0)
            throw NotAvailable(own[0]);
        return usable.FirstOrDefault(i => architecture is null || i.Architecture?.Value == architecture) ?? Fitting(usable[0], architecture);
    }

    private async Task<Image> NewestUbuntuAsync(string architecture, CancellationToken cancellationToken)
    {
        string ubuntuName = architecture == "arm64" ? "arm64" : "amd64";
        string cacheKey = $"{session.CacheScope}/{ubuntuName}";
        if (NewestUbuntu.TryGetValue(cacheKey, out string? known)
            && await TryByIdAsync(known, cancellationToken).ConfigureAwait(false) is { } still)
            return still;

        foreach (string version in LongTermVersions(session.Clock.GetUtcNow()))
        {
            if (await ParameterAsync(version, ubuntuName, cancellationToken).ConfigureAwait(false) is not { } id
                || await TryByIdAsync(id, cancellationToken).ConfigureAwait(false) is not { } image)
                continue;
            NewestUbuntu[cacheKey] = id;
            return image;
        }

        // Accounts that may not read parameters still see Canonical's images.
        foreach (string version in LongTermVersions(session.Clock.GetUtcNow()))
        {
            List<Image> found = await DescribeAsync(
                [Canonical], [NameFilter($"ubuntu/images/hvm-ssd*/ubuntu-*-{version}-{ubuntuName}-server-*")], null, true, cancellationToken).ConfigureAwait(false);
            if (found.Count == 0)
                continue;
            NewestUbuntu[cacheKey] = found[0].ImageId;
            return found[0];
        }

        throw new Fe2Exception(
            "ImageNotFound", Fe2ErrorKind.NotFound, $"No Ubuntu LTS image for {architecture} was found in {session.Region}.",
            "Name an image with -Image: an id, or a name of your own.", architecture);
    }

    /// <summary>The Ubuntu LTS versions that can exist, newest first: each April of an even year.</summary>
    internal static IEnumerable<string> LongTermVersions(DateTimeOffset now)
    {
        int year = now.Month < 4 ? now.Year - 1 : now.Year;
        year -= year % 2;
        for (int i = 0; i < 3; i++, year -= 2)
            yield return (year % 100).ToString("00", CultureInfo.InvariantCulture) + ".04";
    }

    private async Task<string?> ParameterAsync(string version, string architecture, CancellationToken cancellationToken)
    {
        // 24.04 and newer are published on gp3, older ones on gp2.
        foreach (string disk in new[] { "ebs-gp3", "ebs-gp2" })
        {
            try
            {
                GetParameterResponse answer = await session.Ssm.GetParameterAsync(
                    new GetParameterRequest
                    {
                        Name = $"/aws/service/canonical/ubuntu/server/{version}/stable/current/{architecture}/hvm/{disk}/ami-id",
                    },
                    cancellationToken).ConfigureAwait(false);
                return answer.Parameter.Value;
            }
            catch (ParameterNotFoundException)
            {
            }
            catch (AmazonSimpleSystemsManagementException e) when (e.ErrorCode is "AccessDeniedException" or "ParameterNotFound")
            {
                if (e.ErrorCode == "AccessDeniedException")
                    return null;
            }
        }

        return null;
    }

    private async Task<Image> ByIdAsync(string id, CancellationToken cancellationToken) =>
        await TryByIdAsync(id, cancellationToken).ConfigureAwait(false) ?? throw NotFound(id);

    private async Task<Image?> TryByIdAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            DescribeImagesResponse answer = await session.Ec2.DescribeImagesAsync(
                new DescribeImagesRequest { ImageIds = [id] }, cancellationToken).ConfigureAwait(false);
            return answer.Images.FirstOrDefault();
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is { } code && code.StartsWith("InvalidAMIID", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private async Task<List<Image>> DescribeAsync(
        IReadOnlyList<string> owners, List<Filter> filters, string? architecture, bool availableOnly, CancellationToken cancellationToken)
    {
        var request = new DescribeImagesRequest { Owners = [.. owners], Filters = [.. filters] };
        if (availableOnly)
            request.Filters.Add(new Filter { Name = "state", Values = ["available"] });
        if (architecture is not null)
            request.Filters.Add(new Filter { Name = "architecture", Values = [architecture] });
        var found = new List<Image>();
        do
        {
            DescribeImagesResponse answer = await session.Ec2.DescribeImagesAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(answer.Images);
            request.NextToken = answer.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        found.Sort((a, b) => string.CompareOrdinal(b.CreationDate, a.CreationDate));
        return found;
    }

    private static string OwnerOf(string text)
    {
        string owner = text.Trim().ToLowerInvariant();
        if (owner is "self" or "amazon" or "aws-marketplace" || (owner.Length == 12 && owner.All(char.IsAsciiDigit)))
            return owner;
        return owner == "canonical" ? Canonical : throw new Fe2Exception(
            "OwnerInvalid", Fe2ErrorKind.InvalidArgument, $"'{text}' is nobody who owns images.",
            "Give self, amazon, canonical, aws-marketplace, or the twelve digits of an account.", text);
    }

    private Fe2Exception NotFound(string image) => new(
        "ImageNotFound", Fe2ErrorKind.NotFound, $"There is no image '{image}' in {session.Region}.",
        "Get-Fe2Ami * lists your own; images belong to one region. Without -Image the newest Ubuntu LTS is used.", image);

    private static Fe2Exception Ambiguous(string name, IEnumerable<Image> images) => new(
        "ImageAmbiguous", Fe2ErrorKind.Ambiguous,
        $"Several images are called '{name}': {string.Join(", ", images.Select(i => $"{i.ImageId} ({ImageFacts.StateOf(i)}, {ImageFacts.CreatedAt(i)?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)})"))}.",
        $"Give the id of the one you mean; what Get-Fe2Ami '{name}' gives means all of them, from the pipeline.", name);

    private static Fe2Exception NotAvailable(Image image) => new(
        "ImageNotAvailable", Fe2ErrorKind.InvalidState,
        $"The image {ImageFacts.Label(image)} is {image.State?.Value}{(ImageFacts.ReasonOf(image) is { } why ? $": {why.TrimEnd('.')}" : "")}.",
        image.State == ImageState.Pending
            ? $"Wait until it is available (Wait-Fe2Ami {image.ImageId}), then launch again." : "Use another image, or freeze the machine again: New-Fe2Ami.", image.ImageId);

    private static Image Fitting(Image image, string? architecture)
    {
        if (image.State is { } state && state != ImageState.Available)
            throw NotAvailable(image);
        if (architecture is null || image.Architecture is null || image.Architecture.Value == architecture)
            return image;
        throw new Fe2Exception(
            "ImageArchitecture", Fe2ErrorKind.InvalidArgument,
            $"The image '{image.Name}' ({image.ImageId}) is for {image.Architecture.Value}, the instance type for {architecture}.",
            "Choose a type of the image's architecture (for example t3 for x86_64, t4g for arm64), or another image.", image.ImageId);
    }

    private static Filter NameFilter(string name) => new() { Name = "name", Values = [name] };

    private static bool HasWildcard(string name) => name.AsSpan().ContainsAny('*', '?', '[');
}
