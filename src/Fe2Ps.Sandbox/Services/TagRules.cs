using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>What EC2 demands of tags (EC2 user guide, "Tag restrictions"), and their two forms.</summary>
internal static class TagRules
{
    public const int Most = 50;

    /// <summary>The tags of the specifications for one kind of resource; kinds that the operation cannot tag are refused.</summary>
    public static Dictionary<string, string> For(Fields input, string kind, params string[] kinds)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var specification in input.List("TagSpecifications"))
        {
            var resource = specification.Text("ResourceType") ?? throw new ApiException("InvalidParameterValue", "Tag specification resource type must have a value");
            if (resource != kind && !kinds.Contains(resource))
                throw new ApiException("InvalidParameterValue", $"'{resource}' is not a valid taggable resource type for this operation.");
            var list = specification.List("Tags");
            if (list.Count == 0)
                throw new ApiException("InvalidParameterValue", "Tag specification must have at least one tag");
            if (resource == kind)
                Put(tags, list);
        }

        return tags;
    }

    /// <summary>Adds tags, or changes the values of those that exist.</summary>
    public static void Put(Dictionary<string, string> tags, IReadOnlyList<Fields> list)
    {
        foreach (var tag in list)
        {
            var key = tag.Text("Key");
            var value = tag.Text("Value") ?? "";
            if (string.IsNullOrEmpty(key))
                throw new ApiException("InvalidParameterValue", "Tag key cannot be null or empty");
            if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
                throw new ApiException("InvalidParameterValue", $"Tag keys starting with 'aws:' are reserved for internal use ({key}).");
            if (key.Length > 128)
                throw new ApiException("InvalidParameterValue", $"Tag key exceeds the maximum length of 128 characters ('{key}').");
            if (value.Length > 256)
                throw new ApiException("InvalidParameterValue", $"Tag value exceeds the maximum length of 256 characters ('{value}').");
            if (key.Any(char.IsControl) || value.Any(char.IsControl))
                throw new ApiException("InvalidParameterValue", "Tag keys and values cannot hold control characters.");
            tags[key] = value;
        }

        if (tags.Count > Most)
            throw new ApiException("TagLimitExceeded", $"The maximum number of tags for a resource has been reached ({Most}).");
    }

    /// <summary>A resource's tags for an answer; none at all when there are none.</summary>
    public static List<Fields>? List(Resource resource)
        => resource.Tags.Count == 0 ? null : [.. resource.Tags.Select(tag => new Fields { ["Key"] = tag.Key, ["Value"] = tag.Value })];
}
