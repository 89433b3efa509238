using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>Gathers what one call asks.</summary>
/// <param name="prefix">The service's word in actions and ARNs.</param>
internal sealed class Asking(Call call, string prefix)
{
    private static readonly Dictionary<string, string> s_kinds = new(StringComparer.Ordinal)
    {
        ["i"] = "instance",
        ["vol"] = "volume",
        ["snap"] = "snapshot",
        ["ami"] = "image",
        ["sir"] = "spot-instances-request",
        ["sg"] = "security-group",
        ["sgr"] = "security-group-rule",
        ["key"] = "key-pair",
        ["lt"] = "launch-template",
        ["eipalloc"] = "elastic-ip",
        ["subnet"] = "subnet",
        ["vpc"] = "vpc",
        ["eni"] = "network-interface",
    };

    private readonly List<Ask> _asks = [];

    public Call Call { get; } = call;

    public Fields Input => Call.Input;

    public IReadOnlyList<Ask> Asks => _asks;

    /// <summary>The action of the operation itself.</summary>
    public string Action { get; } = $"{prefix}:{call.Operation.Name}";

    public string Region => Call.Facts.Name;

    public void Add(Ask ask) => _asks.Add(ask);

    /// <summary>The operation, on no resource of its own.</summary>
    public void Anything() => Add(new Ask(Action, "*"));

    /// <summary>The operation, on EC2's resources that there are, by their ids; what was not named asks for nothing.</summary>
    public void On(string kind, params IEnumerable<string?> ids)
    {
        foreach (var id in ids.OfType<string>())
            Add(Existing(Action, kind, id));
    }

    /// <summary>The operation, on a new resource of EC2's; and to give it its tags, if it gets any.</summary>
    public void Makes(string kind, Fields? input = null, string? action = null, IReadOnlyDictionary<string, string>? keys = null)
    {
        var tags = TagsFor(input ?? Input, kind);
        Add(new Ask(action ?? Action, Arn(kind, "*")) { Given = tags, Keys = keys ?? new Dictionary<string, string>() });
        if (tags is not null)
            Tags(kind, tags, action ?? Action, keys);
    }

    /// <summary>To give tags to what is only being made.</summary>
    public void Tags(string kind, IReadOnlyDictionary<string, string> tags, string action, IReadOnlyDictionary<string, string>? keys = null) => Add(
        new Ask("ec2:CreateTags", Arn(kind, "*"))
        {
            Given = tags,
            Keys = new Dictionary<string, string>(keys ?? new Dictionary<string, string>()) { ["ec2:CreateAction"] = action[(action.IndexOf(':', StringComparison.Ordinal) + 1)..] },
        });

    /// <summary>To hand a role to a service.</summary>
    public void Passes(string? roleArn, string service)
    {
        if (roleArn is not null)
            Add(new Ask("iam:PassRole", roleArn) { Keys = new Dictionary<string, string> { ["iam:PassedToService"] = service } });
    }

    /// <summary>To hand the role of an instance profile, named as launches do, to instances.</summary>
    public void PassesProfile(Fields? named)
    {
        var profiles = Call.Cloud.State.Profiles;
        var (arn, name) = (named?.Text("Arn"), named?.Text("Name"));
        var profile = name is not null ? profiles.GetValueOrDefault(name) : profiles.Values.FirstOrDefault(known => known.Arn == arn);
        if (profile?.RoleName is { } role)
            Passes(Call.Cloud.State.Roles.GetValueOrDefault(role)?.Arn, "ec2.amazonaws.com");
    }

    /// <summary>An action on a resource of EC2's that there is, or that the request takes for one.</summary>
    public Ask Existing(string action, string kind, string id)
    {
        var found = Find(kind, id);
        return new Ask(action, Arn(kind, found is KeyPair pair ? pair.Name : found?.Id ?? id))
        {
            Tags = found?.Tags,
            Keys = found is Instance instance
                ? new Dictionary<string, string> { ["ec2:InstanceType"] = instance.Type } : new Dictionary<string, string>(),
        };
    }

    /// <summary>An action on what an id says of itself that it is.</summary>
    public Ask ById(string action, string id) => Existing(action, s_kinds.GetValueOrDefault(id.Split('-')[0], "unknown"), id);

    /// <summary>The ARN of a resource of EC2's. Images and snapshots are of no account there.</summary>
    public string Arn(string kind, string id) => $"arn:aws:ec2:{Region}:{(kind is "image" or "snapshot" ? "" : Call.AccountId)}:{kind}/{id}";

    /// <summary>The tags that a request gives to new resources of a kind; null where it gives none.</summary>
    public static IReadOnlyDictionary<string, string>? TagsFor(Fields input, string kind) => Read(
        input.List("TagSpecifications").Where(specification => specification.Text("ResourceType") == kind).SelectMany(specification => specification.List("Tags")));

    /// <summary>Tags as most services list them; null where there are none.</summary>
    public static IReadOnlyDictionary<string, string>? Read(IEnumerable<Fields> list)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in list)
            tags[tag.Text("Key") ?? ""] = tag.Text("Value") ?? "";
        return tags.Count == 0 ? null : tags;
    }

    private Resource? Find(string kind, string id) => kind switch
    {
        "key-pair" => Call.Region.KeyPairs.Values.FirstOrDefault(pair => pair.Name == id || pair.Id == id),
        "security-group" => Call.Region.Groups.GetValueOrDefault(id) ?? Call.Region.Groups.Values.FirstOrDefault(group => group.Name == id),
        "launch-template" => Call.Region.LaunchTemplates.Values.FirstOrDefault(template => template.Name == id || template.Id == id),
        _ => Call.Region.Find(id),
    };
}
