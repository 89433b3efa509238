using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Security groups and their inbound rules.</summary>
internal static class SecurityGroups
{
    private static readonly Filters<SecurityGroup> s_filters = new Filters<SecurityGroup>()
        .One("group-id", item => item.Id)
        .One("group-name", item => item.Name)
        .One("description", item => item.Description)
        .One("vpc-id", item => item.VpcId)
        .Many("ip-permission.cidr", item => item.Rules.Select(rule => rule.CidrIpv4))
        .Many("ip-permission.ipv6-cidr", item => item.Rules.Select(rule => rule.CidrIpv6))
        .Many("ip-permission.from-port", item => item.Rules.Select(rule => (object?)rule.FromPort))
        .Many("ip-permission.to-port", item => item.Rules.Select(rule => (object?)rule.ToPort))
        .Many("ip-permission.protocol", item => item.Rules.Select(rule => rule.Protocol))
        .Many("ip-permission.group-id", item => item.Rules.Select(rule => rule.SourceGroupId));

    public static void Register(OperationTable table)
    {
        table.Add("CreateSecurityGroup", Create);
        table.Add("DeleteSecurityGroup", Delete);
        table.Add("DescribeSecurityGroups", Describe);
        table.Add("AuthorizeSecurityGroupIngress", call => Authorize(call, table));
        table.Add("RevokeSecurityGroupIngress", call => Revoke(call, table));
    }

    private static Fields Create(Call call)
    {
        var (name, description) = (call.Input.Text("GroupName")!, call.Input.Text("Description")!);
        if (name.Length is 0 or > 255 || name.StartsWith("sg-", StringComparison.Ordinal))
            throw ApiException.BadValue(name, "groupName", "Group names may not be in the format sg-* and have 1 to 255 characters.");
        if (description.Length is 0 or > 255)
            throw ApiException.BadValue(description, "GroupDescription", "Expecting 1 to 255 characters.");
        if (call.Input.Text("VpcId") is { } vpc && vpc != call.Region.Vpc.Id)
            throw new ApiException("InvalidVpcID.NotFound", $"The vpc ID '{vpc}' does not exist");
        if (name == "default")
            throw new ApiException("InvalidParameterValue", "Cannot use reserved security group name: default");
        if (call.Region.Groups.Values.Any(group => group.Name == name))
            throw new ApiException("InvalidGroup.Duplicate", $"The security group '{name}' already exists for VPC '{call.Region.Vpc.Id}'");
        var group = new SecurityGroup
        {
            Id = Ids.New("sg"),
            Name = name,
            Description = description,
            VpcId = call.Region.Vpc.Id,
            CreatedAt = call.Now,
            Tags = TagRules.For(call.Input, "security-group"),
        };
        call.Region.Groups[group.Id] = group;
        return new Fields { ["GroupId"] = group.Id, ["Tags"] = TagRules.List(group), ["SecurityGroupArn"] = Arn(call, group) };
    }

    private static Fields Delete(Call call)
    {
        var group = Target(call);
        if (group.Name == "default")
            throw new ApiException("CannotDelete", $"the specified group: \"{group.Id}\" name: \"default\" cannot be deleted by a user");
        if (call.Region.Instances.Values.Any(instance => instance.State != InstanceState.Terminated && instance.GroupIds.Contains(group.Id))
            || call.Region.Groups.Values.Any(other => other != group && other.Rules.Any(rule => rule.SourceGroupId == group.Id)))
        {
            throw new ApiException("DependencyViolation", $"resource {group.Id} has a dependent object");
        }

        call.Region.Groups.Remove(group.Id);
        return new Fields { ["Return"] = true, ["GroupId"] = group.Id };
    }

    private static Fields Describe(Call call)
    {
        var (ids, names) = (call.Input.Strings("GroupIds"), call.Input.Strings("GroupNames"));
        var named = ids.Select(call.Group).Concat(names.Select(call.GroupByName)).Distinct().ToList();
        var groups = s_filters.Apply(named.Count > 0 ? named : call.Region.Groups.Values, call.Input);
        var page = Pages.Cut(groups, call, group => group.Id);
        return new Fields
        {
            ["SecurityGroups"] = page.Items.Select(group => new Fields
            {
                ["GroupId"] = group.Id,
                ["OwnerId"] = call.AccountId,
                ["GroupName"] = group.Name,
                ["Description"] = group.Description,
                ["VpcId"] = group.VpcId,
                ["SecurityGroupArn"] = Arn(call, group),
                ["IpPermissions"] = PermissionView.Permissions(call, group),
                ["IpPermissionsEgress"] = PermissionView.Everything,
                ["Tags"] = TagRules.List(group),
            }),
            ["NextToken"] = page.NextToken,
        };
    }

    private static Fields Authorize(Call call, OperationTable table)
    {
        var group = Target(call);
        var rules = PermissionView.Read(call);
        foreach (var rule in rules)
        {
            if (group.Rules.Any(rule.Same) || rules.Count(rule.Same) > 1)
                throw new ApiException("InvalidPermission.Duplicate", $"the specified rule \"{PermissionView.Describe(rule)}\" already exists");
        }

        if (group.Rules.Count + rules.Count > 60)
            throw new ApiException("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.");
        foreach (var rule in rules)
            rule.Tags = TagRules.For(call.Input, "security-group-rule");
        group.Rules.AddRange(rules);
        table.Hosts.RefreshIngress(call.Region);
        return new Fields { ["Return"] = true, ["SecurityGroupRules"] = rules.Select(rule => PermissionView.Rule(call, group, rule)).ToList() };
    }

    private static Fields Revoke(Call call, OperationTable table)
    {
        var group = Target(call);
        var revoked = new List<GroupRule>();
        foreach (var id in call.Input.Strings("SecurityGroupRuleIds"))
        {
            revoked.Add(group.Rules.FirstOrDefault(rule => rule.Id == id)
                ?? throw new ApiException("InvalidSecurityGroupRuleId.NotFound", $"The security group rule ID '{id}' does not exist"));
        }

        if (!call.Input.Has("SecurityGroupRuleIds"))
        {
            foreach (var wanted in PermissionView.Read(call))
            {
                revoked.Add(group.Rules.FirstOrDefault(wanted.Same)
                    ?? throw new ApiException("InvalidPermission.NotFound", "The specified rule does not exist in this security group."));
            }
        }

        foreach (var rule in revoked)
            group.Rules.Remove(rule);
        table.Hosts.RefreshIngress(call.Region);
        return new Fields
        {
            ["Return"] = true,
            ["RevokedSecurityGroupRules"] = revoked.Select(rule => new Fields
            {
                ["SecurityGroupRuleId"] = rule.Id,
                ["GroupId"] = group.Id,
                ["IsEgress"] = false,
                ["IpProtocol"] = rule.Protocol,
                ["FromPort"] = rule.FromPort ?? -1,
                ["ToPort"] = rule.ToPort ?? -1,
                ["CidrIpv4"] = rule.CidrIpv4,
                ["CidrIpv6"] = rule.CidrIpv6,
                ["ReferencedGroupId"] = rule.SourceGroupId,
                ["Description"] = rule.Description,
            }).ToList(),
        };
    }

    private static SecurityGroup Target(Call call)
    {
        if (call.Input.Text("GroupId") is { } id)
            return call.Group(id);
        return call.GroupByName(call.Input.Text("GroupName")
            ?? throw new ApiException("MissingParameter", "The request must contain the parameter groupName or groupId"));
    }

    private static string Arn(Call call, SecurityGroup group) => $"arn:aws:ec2:{call.Facts.Name}:{call.AccountId}:security-group/{group.Id}";
}
