using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>CreateTags, DeleteTags, DescribeTags.</summary>
internal static class TagsOfResources
{
    private static readonly Dictionary<string, string> s_notFound = new(StringComparer.Ordinal)
    {
        ["i"] = "InvalidInstanceID.NotFound",
        ["vol"] = "InvalidVolume.NotFound",
        ["snap"] = "InvalidSnapshot.NotFound",
        ["ami"] = "InvalidAMIID.NotFound",
        ["sg"] = "InvalidGroup.NotFound",
        ["sir"] = "InvalidSpotInstanceRequestID.NotFound",
        ["key"] = "InvalidKeyPair.NotFound",
        ["lt"] = "InvalidLaunchTemplateId.NotFound",
        ["eipalloc"] = "InvalidAllocationID.NotFound",
        ["subnet"] = "InvalidSubnetID.NotFound",
        ["vpc"] = "InvalidVpcID.NotFound",
    };

    private static readonly Filters<Row> s_filters = new Filters<Row>()
        .One("key", item => item.Key)
        .One("value", item => item.Value)
        .One("resource-id", item => item.ResourceId)
        .One("resource-type", item => item.Kind);

    public static void Register(OperationTable table)
    {
        table.Add("CreateTags", Create);
        table.Add("DeleteTags", Delete);
        table.Add("DescribeTags", Describe);
    }

    private static Fields? Create(Call call)
    {
        var resources = Resources(call);
        foreach (var resource in resources)
        {
            var tags = new Dictionary<string, string>(resource.Tags, StringComparer.Ordinal);
            TagRules.Put(tags, call.Input.List("Tags"));
        }

        foreach (var resource in resources)
            TagRules.Put(resource.Tags, call.Input.List("Tags"));
        return null;
    }

    private static Fields? Delete(Call call)
    {
        foreach (var resource in Resources(call))
        {
            if (!call.Input.Has("Tags"))
                resource.Tags.Clear();
            foreach (var tag in call.Input.List("Tags"))
            {
                if (tag.Text("Key") is { } key && resource.Tags.TryGetValue(key, out var value) && (tag.Text("Value") ?? value) == value)
                    resource.Tags.Remove(key);
            }
        }

        return null;
    }

    private static List<Resource> Resources(Call call) => [.. call.Input.Strings("Resources").Select(id =>
    {
        var found = call.Region.Find(id);
        var visibleAt = (found as Instance)?.VisibleAt ?? (found as Volume)?.VisibleAt;
        if (found is not null && (visibleAt is null || visibleAt <= call.Now))
            return found;
        var code = s_notFound.GetValueOrDefault(id.Split('-')[0]);
        throw code is null
            ? new ApiException("InvalidID", $"The ID '{id}' is not valid")
            : new ApiException(code, $"The ID '{id}' does not exist");
    })];

    private static Fields Describe(Call call)
    {
        var rows = call.Region.Tagged.SelectMany(pair => pair.Resource.Tags.Select(tag => new Row(tag.Key, tag.Value, pair.Resource.Id, pair.Kind)));
        var page = Pages.Cut(s_filters.Apply(rows, call.Input), call, row => $"{row.ResourceId} {row.Key}");
        return new Fields
        {
            ["Tags"] = page.Items.Select(row => new Fields
            {
                ["Key"] = row.Key,
                ["ResourceId"] = row.ResourceId,
                ["ResourceType"] = row.Kind,
                ["Value"] = row.Value,
            }),
            ["NextToken"] = page.NextToken,
        };
    }

    private sealed record Row(string Key, string Value, string ResourceId, string Kind);
}
