using Fe2Ps.Sandbox.Services;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>IAM's operations. Source: "Actions, resources, and condition keys for AWS Identity and Access Management" in the service authorization reference.</summary>
internal static class IamRules
{
    public static IReadOnlyDictionary<string, Action<Asking>> All { get; } = new Dictionary<string, Action<Asking>>(StringComparer.Ordinal)
    {
        ["CreateRole"] = asking => Makes(asking, "role", "RoleName", "iam:TagRole"),
        ["GetRole"] = Role,
        ["DeleteRole"] = Role,
        ["PutRolePolicy"] = Role,
        ["DeleteRolePolicy"] = Role,
        ["ListRolePolicies"] = Role,
        ["AttachRolePolicy"] = Attach,
        ["DetachRolePolicy"] = Attach,
        ["CreateInstanceProfile"] = asking => Makes(asking, "instance-profile", "InstanceProfileName", "iam:TagInstanceProfile"),
        ["GetInstanceProfile"] = Profile,
        ["DeleteInstanceProfile"] = Profile,
        ["RemoveRoleFromInstanceProfile"] = Profile,
        ["AddRoleToInstanceProfile"] = asking =>
        {
            Profile(asking);
            asking.Passes(RoleArn(asking), "ec2.amazonaws.com");
        },
        ["CreateServiceLinkedRole"] = asking =>
        {
            var service = asking.Input.Text("AWSServiceName")!;
            asking.Add(new Ask(asking.Action, $"arn:aws:iam::{asking.Call.AccountId}:role/aws-service-role/{service}/{Roles.LinkedName(service, asking.Input.Text("CustomSuffix"))}")
            {
                Keys = new Dictionary<string, string> { ["iam:AWSServiceName"] = service },
            });
        },
    };

    private static string RoleArn(Asking asking)
    {
        var name = asking.Input.Text("RoleName")!;
        return asking.Call.Cloud.State.Roles.GetValueOrDefault(name)?.Arn ?? $"arn:aws:iam::{asking.Call.AccountId}:role{asking.Input.Text("Path") ?? "/"}{name}";
    }

    private static void Role(Asking asking) => asking.Add(
        new Ask(asking.Action, RoleArn(asking)) { Tags = asking.Call.Cloud.State.Roles.GetValueOrDefault(asking.Input.Text("RoleName")!)?.Tags });

    private static void Attach(Asking asking) => asking.Add(
        new Ask(asking.Action, RoleArn(asking)) { Keys = new Dictionary<string, string> { ["iam:PolicyARN"] = asking.Input.Text("PolicyArn")! } });

    private static void Profile(Asking asking)
    {
        var name = asking.Input.Text("InstanceProfileName")!;
        var known = asking.Call.Cloud.State.Profiles.GetValueOrDefault(name);
        asking.Add(new Ask(asking.Action, known?.Arn ?? $"arn:aws:iam::{asking.Call.AccountId}:instance-profile/{name}") { Tags = known?.Tags });
    }

    // What gets tags while it is made needs the right to tag too (IAM user guide, "Tags for IAM resources").
    private static void Makes(Asking asking, string kind, string member, string tagging)
    {
        var arn = $"arn:aws:iam::{asking.Call.AccountId}:{kind}{asking.Input.Text("Path") ?? "/"}{asking.Input.Text(member)}";
        var tags = Asking.Read(asking.Input.List("Tags"));
        asking.Add(new Ask(asking.Action, arn) { Given = tags });
        if (tags is not null)
            asking.Add(new Ask(tagging, arn) { Given = tags });
    }
}
