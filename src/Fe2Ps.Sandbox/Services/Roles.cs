using System.Security.Cryptography;
using System.Text.Json;
using Fe2Ps.Sandbox.Iam;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>IAM's roles and their inline policies.</summary>
internal static class Roles
{
    public static void Register(OperationTable table)
    {
        table.Add("iam", "CreateRole", Create);
        table.Add("iam", "GetRole", call => new Fields { ["Role"] = One(Find(call, call.Input.Text("RoleName")!)) });
        table.Add("iam", "DeleteRole", Delete);
        table.Add("iam", "PutRolePolicy", PutPolicy);
        table.Add("iam", "DeleteRolePolicy", DeletePolicy);
        table.Add("iam", "ListRolePolicies", call => new Fields
        {
            ["PolicyNames"] = Find(call, call.Input.Text("RoleName")!).Policies.Keys.Order(StringComparer.Ordinal).ToList(),
            ["IsTruncated"] = false,
        });
        table.Add("iam", "AttachRolePolicy", Attach);
        table.Add("iam", "DetachRolePolicy", Detach);
        table.Add("iam", "CreateServiceLinkedRole", CreateLinked);
    }

    public static Role Find(Call call, string name) => call.Cloud.State.Roles.GetValueOrDefault(name)
        ?? throw new ApiException("NoSuchEntity", $"The role with name {name} cannot be found.", 404);

    public static Fields One(Role role) => new()
    {
        ["Path"] = role.Path,
        ["RoleName"] = role.Name,
        ["RoleId"] = role.Id,
        ["Arn"] = role.Arn,
        ["CreateDate"] = role.CreatedAt,
        // IAM answers with policies in the encoding of RFC 3986.
        ["AssumeRolePolicyDocument"] = Uri.EscapeDataString(role.TrustPolicy),
        ["Description"] = role.Description,
        ["MaxSessionDuration"] = role.LongestSession,
        ["Tags"] = TagRules.List(role),
    };

    /// <summary>An id of IAM's form: a prefix that says what it is of, and 17 characters.</summary>
    public static string NewId(string prefix)
        => prefix + string.Concat(Enumerable.Range(0, 17).Select(_ => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[RandomNumberGenerator.GetInt32(32)]));

    /// <summary>Refuses what cannot be a name of IAM's.</summary>
    public static string Name(string name, string member, int most)
        => name.Length <= most && name.All(character => char.IsAsciiLetterOrDigit(character) || "+=,.@_-".Contains(character))
            ? name : throw new ApiException("ValidationError", $"The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-");

    public static Dictionary<string, string> Tags(Call call)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        TagRules.Put(tags, call.Input.List("Tags"));
        return tags;
    }

    /// <summary>The name of the role that a service has in every account.</summary>
    public static string LinkedName(string service, string? suffix)
    {
        // Known names only: the service's own name is the middle of the role's.
        var part = service switch
        {
            "autoscaling.amazonaws.com" => "AutoScaling",
            "spot.amazonaws.com" => "EC2Spot",
            "elasticfilesystem.amazonaws.com" => "AmazonElasticFileSystem",
            "elasticloadbalancing.amazonaws.com" => "ElasticLoadBalancing",
            _ => throw new ApiException("InvalidInput", $"Service role {service} is not a service that the sandbox has a linked role for."),
        };
        return $"AWSServiceRoleFor{part}{(suffix is null ? "" : "_" + suffix)}";
    }

    private static Fields Create(Call call)
    {
        var name = Name(call.Input.Text("RoleName")!, "roleName", 64);
        if (call.Cloud.State.Roles.ContainsKey(name))
            throw new ApiException("EntityAlreadyExists", $"Role with name {name} already exists.", 409);
        return new Fields { ["Role"] = One(Make(call, name, call.Input.Text("Path") ?? "/", Trust(call.Input.Text("AssumeRolePolicyDocument")!), Tags(call))) };
    }

    private static Fields CreateLinked(Call call)
    {
        var service = call.Input.Text("AWSServiceName")!;
        var name = LinkedName(service, call.Input.Text("CustomSuffix"));
        if (call.Cloud.State.Roles.ContainsKey(name))
            throw new ApiException("InvalidInput", $"Service role name {name} has been taken in this account, please try a different suffix.");
        var trust = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"{{service}}"},"Action":"sts:AssumeRole"}]}""";
        return new Fields { ["Role"] = One(Make(call, name, $"/aws-service-role/{service}/", trust, [])) };
    }

    private static Role Make(Call call, string name, string path, string trust, Dictionary<string, string> tags)
    {
        var made = new Role
        {
            Id = NewId("AROA"),
            Name = name,
            Arn = $"arn:aws:iam::{call.AccountId}:role{path}{name}",
            Path = path,
            TrustPolicy = trust,
            Description = call.Input.Text("Description"),
            LongestSession = call.Input.Int("MaxSessionDuration") ?? 3600,
            CreatedAt = call.Now,
            Tags = tags,
        };
        call.Cloud.State.Roles[name] = made;
        return made;
    }

    private static Fields? Delete(Call call)
    {
        var role = Find(call, call.Input.Text("RoleName")!);
        if (role.Policies.Count > 0 || role.ManagedPolicies.Count > 0)
            throw new ApiException("DeleteConflict", "Cannot delete entity, must delete policies first.", 409);
        if (call.Cloud.State.Profiles.Values.Any(profile => profile.RoleName == role.Name))
            throw new ApiException("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409);
        call.Cloud.State.Roles.Remove(role.Name);
        return null;
    }

    private static Fields? PutPolicy(Call call)
    {
        var role = Find(call, call.Input.Text("RoleName")!);
        role.Policies[Name(call.Input.Text("PolicyName")!, "policyName", 128)] = Inline(call.Input.Text("PolicyDocument")!);
        return null;
    }

    private static Fields? DeletePolicy(Call call)
    {
        var name = call.Input.Text("PolicyName")!;
        return Find(call, call.Input.Text("RoleName")!).Policies.Remove(name)
            ? null : throw new ApiException("NoSuchEntity", $"The role policy with name {name} cannot be found.", 404);
    }

    private static Fields? Attach(Call call)
    {
        var (role, arn) = (Find(call, call.Input.Text("RoleName")!), call.Input.Text("PolicyArn")!);
        // AWS's own policies; there are no others here. Their names are not checked.
        if (!arn.StartsWith("arn:aws:iam::aws:policy/", StringComparison.Ordinal))
            throw new ApiException("NoSuchEntity", $"Policy {arn} does not exist or is not attachable.", 404);
        role.ManagedPolicies.Add(arn);
        return null;
    }

    private static Fields? Detach(Call call)
    {
        var arn = call.Input.Text("PolicyArn")!;
        return Find(call, call.Input.Text("RoleName")!).ManagedPolicies.Remove(arn)
            ? null : throw new ApiException("NoSuchEntity", $"Policy {arn} was not found.", 404);
    }

    private static string Inline(string text)
    {
        try
        {
            Policy.Read(text);
            return text;
        }
        catch (PolicyException error)
        {
            throw new ApiException("MalformedPolicyDocument", error.Message);
        }
    }

    private static string Trust(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("Statement", out _))
                return text;
        }
        catch (JsonException)
        {
            // Said below, in IAM's words.
        }

        throw new ApiException("MalformedPolicyDocument", "Syntax errors in policy.");
    }
}
