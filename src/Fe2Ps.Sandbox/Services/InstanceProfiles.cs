using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>IAM's instance profiles, and EC2's associations of them with instances.</summary>
internal static class InstanceProfiles
{
    private static readonly Filters<Instance> s_associations = new Filters<Instance>(_ => new Dictionary<string, string>())
        .One("instance-id", item => item.Id)
        .One("state", _ => "associated");

    public static void Register(OperationTable table)
    {
        table.Add("iam", "CreateInstanceProfile", Create);
        table.Add("iam", "GetInstanceProfile", call => new Fields { ["InstanceProfile"] = One(call, Find(call)) });
        table.Add("iam", "DeleteInstanceProfile", Delete);
        table.Add("iam", "AddRoleToInstanceProfile", AddRole);
        table.Add("iam", "RemoveRoleFromInstanceProfile", RemoveRole);
        table.Add("AssociateIamInstanceProfile", Associate);
        table.Add("DescribeIamInstanceProfileAssociations", Describe);
        table.Add("DisassociateIamInstanceProfile", Disassociate);
    }

    /// <summary>The ARN of the profile that a launch names; null where it names none.</summary>
    public static string? ArnOf(Call call, Fields? named)
    {
        if (named?.Text("Arn") is { } arn)
        {
            return call.Cloud.State.Profiles.Values.Any(profile => profile.Arn == arn)
                ? arn : throw ApiException.BadValue(arn, "iamInstanceProfile.arn", "Invalid IAM Instance Profile ARN");
        }

        if (named?.Text("Name") is not { } name)
            return null;
        return call.Cloud.State.Profiles.GetValueOrDefault(name)?.Arn
            ?? throw ApiException.BadValue(name, "iamInstanceProfile.name", "Invalid IAM Instance Profile name");
    }

    public static string IdOf(Cloud cloud, string arn) => ByArn(cloud, arn)?.Id ?? "AIPAFE2SANDBOX";

    /// <summary>The role that a profile carries at present, or null.</summary>
    public static Role? RoleOf(Cloud cloud, string arn) => ByArn(cloud, arn)?.RoleName is { } name ? cloud.State.Roles.GetValueOrDefault(name) : null;

    private static InstanceProfile? ByArn(Cloud cloud, string arn) => cloud.State.Profiles.Values.FirstOrDefault(profile => profile.Arn == arn);

    private static InstanceProfile Find(Call call)
    {
        var name = call.Input.Text("InstanceProfileName")!;
        return call.Cloud.State.Profiles.GetValueOrDefault(name) ?? throw new ApiException("NoSuchEntity", $"Instance Profile {name} cannot be found.", 404);
    }

    private static Fields Create(Call call)
    {
        var name = Roles.Name(call.Input.Text("InstanceProfileName")!, "instanceProfileName", 128);
        if (call.Cloud.State.Profiles.ContainsKey(name))
            throw new ApiException("EntityAlreadyExists", $"Instance Profile {name} already exists.", 409);
        var path = call.Input.Text("Path") ?? "/";
        var made = new InstanceProfile
        {
            Id = Roles.NewId("AIPA"),
            Name = name,
            Arn = $"arn:aws:iam::{call.AccountId}:instance-profile{path}{name}",
            Path = path,
            CreatedAt = call.Now,
            Tags = Roles.Tags(call),
        };
        call.Cloud.State.Profiles[name] = made;
        return new Fields { ["InstanceProfile"] = One(call, made) };
    }

    private static Fields? Delete(Call call)
    {
        var profile = Find(call);
        if (profile.RoleName is not null)
            throw new ApiException("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409);
        call.Cloud.State.Profiles.Remove(profile.Name);
        return null;
    }

    private static Fields? AddRole(Call call)
    {
        var (profile, role) = (Find(call), Roles.Find(call, call.Input.Text("RoleName")!));
        if (profile.RoleName is not null)
            throw new ApiException("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409);
        profile.RoleName = role.Name;
        return null;
    }

    private static Fields? RemoveRole(Call call)
    {
        var (profile, name) = (Find(call), call.Input.Text("RoleName")!);
        if (profile.RoleName != name)
            throw new ApiException("NoSuchEntity", $"Role {name} is not in instance profile {profile.Name}.", 404);
        profile.RoleName = null;
        return null;
    }

    private static Fields Associate(Call call)
    {
        var instance = call.Instance(call.Input.Text("InstanceId")!);
        if (instance.State is not (InstanceState.Running or InstanceState.Stopped))
            throw new ApiException("IncorrectInstanceState", $"The instance '{instance.Id}' is not in the 'running' or 'stopped' states.");
        var arn = ArnOf(call, call.Input.Struct("IamInstanceProfile")) ?? throw ApiException.Missing("IamInstanceProfile");
        if (instance.ProfileArn is not null)
            throw new ApiException("IncorrectState", $"There is an existing association for instance {instance.Id}");
        (instance.ProfileArn, instance.ProfileSince, instance.ProfileAssociationId) = (arn, call.Now, Ids.New("iip-assoc"));
        return new Fields { ["IamInstanceProfileAssociation"] = Association(call, instance, "associating") };
    }

    private static Fields Describe(Call call)
    {
        var ids = call.Input.Strings("AssociationIds");
        var with = call.Region.Instances.Values.Where(instance => instance.ProfileArn is not null && instance.IsAlive);
        if (ids.Count > 0)
            with = ids.Select(id => Associated(call, id));
        var page = Pages.Cut(s_associations.Apply(with, call.Input), call, instance => instance.Id);
        return new Fields { ["IamInstanceProfileAssociations"] = page.Items.Select(instance => Association(call, instance, "associated")), ["NextToken"] = page.NextToken };
    }

    private static Fields Disassociate(Call call)
    {
        var instance = Associated(call, call.Input.Text("AssociationId")!);
        var gone = Association(call, instance, "disassociating");
        (instance.ProfileArn, instance.ProfileAssociationId) = (null, "");
        return new Fields { ["IamInstanceProfileAssociation"] = gone };
    }

    private static Instance Associated(Call call, string id)
        => call.Region.Instances.Values.FirstOrDefault(instance => instance.ProfileArn is not null && instance.ProfileAssociationId == id && instance.IsAlive)
            ?? throw new ApiException("InvalidAssociationID.NotFound", $"An invalid association-id of '{id}' was given");

    private static Fields Association(Call call, Instance instance, string state) => new()
    {
        ["AssociationId"] = instance.ProfileAssociationId,
        ["InstanceId"] = instance.Id,
        ["IamInstanceProfile"] = new Fields { ["Arn"] = instance.ProfileArn, ["Id"] = IdOf(call.Cloud, instance.ProfileArn!) },
        ["State"] = state,
        ["Timestamp"] = instance.ProfileSince,
    };

    private static Fields One(Call call, InstanceProfile profile) => new()
    {
        ["Path"] = profile.Path,
        ["InstanceProfileName"] = profile.Name,
        ["InstanceProfileId"] = profile.Id,
        ["Arn"] = profile.Arn,
        ["CreateDate"] = profile.CreatedAt,
        ["Roles"] = profile.RoleName is { } name && call.Cloud.State.Roles.TryGetValue(name, out var role) ? new[] { Roles.One(role) } : [],
        ["Tags"] = TagRules.List(profile),
    };
}
