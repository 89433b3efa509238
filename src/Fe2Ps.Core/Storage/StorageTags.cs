using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>The tags that a volume or snapshot has from its first moment.</summary>
internal static class StorageTags
{
    public static List<TagSpecification> For(
        Fe2Session session, ResourceType resource, string? name, string requestId, IReadOnlyDictionary<string, string> tags, bool mayBeOurs = false)
    {
        foreach (string key in tags.Keys)
        {
            if ((key.StartsWith("fe2:", StringComparison.Ordinal) && !mayBeOurs) || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) || key == TagNames.Name)
                throw new Fe2Exception("TagReserved", Fe2ErrorKind.InvalidArgument, $"-Tag {key}: this tag is not free to use.", "Choose another key; the name is set by -Name.", key);
        }

        List<Tag> all = [new(TagNames.Owner, Owner.Of(session.Environment)), new(TagNames.Request, requestId), .. tags.Select(t => new Tag(t.Key, t.Value))];
        if (name is not null)
            all.Insert(0, new Tag(TagNames.Name, name));
        return [new TagSpecification { ResourceType = resource, Tags = all }];
    }

    /// <exception cref="Fe2Exception"><c>NameInvalid</c>.</exception>
    public static void CheckName(string? name, string idPrefix)
    {
        if (name is null)
            return;
        if (name.Length is 0 or > 255 || NamePattern.HasWildcard(name) || name.Trim() != name || name.Any(char.IsControl) || name.StartsWith(idPrefix, StringComparison.Ordinal))
        {
            throw StorageErrors.Invalid(
                "Name", name, "a name has 1 to 255 characters, no wildcards, no space at its ends, and does not look like an id.", "Choose another name.");
        }
    }
}
