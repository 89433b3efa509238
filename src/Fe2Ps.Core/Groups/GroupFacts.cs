using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Groups;

/// <summary>What people ask about a group, read from what Auto Scaling says.</summary>
public static class GroupFacts
{
    /// <summary>The tag on everything that was made for a group: its name.</summary>
    public const string GroupTag = "fe2:group";

    /// <summary>The group's name.</summary>
    public static string NameOf(AutoScalingGroup group) => group.AutoScalingGroupName;

    /// <summary>True for a group that this module made.</summary>
    public static bool IsOwn(AutoScalingGroup group) => TagOf(group, GroupTag) == group.AutoScalingGroupName;

    /// <summary>A tag's value, or null.</summary>
    public static string? TagOf(AutoScalingGroup group, string key) => group.Tags?.FirstOrDefault(t => t.Key == key)?.Value;

    /// <summary>True once the group has been told to end.</summary>
    public static bool IsEnding(AutoScalingGroup group) => !string.IsNullOrEmpty(group.Status);

    /// <summary>How many machines are in service.</summary>
    public static int InService(AutoScalingGroup group) => group.Instances?.Count(i => i.LifecycleState?.Value == "InService") ?? 0;

    /// <summary>How many of a hundred machines above the base are spot.</summary>
    public static int SpotPercent(AutoScalingGroup group) =>
        group.MixedInstancesPolicy is { } policy ? 100 - (policy.InstancesDistribution?.OnDemandPercentageAboveBaseCapacity ?? 100) : 0;

    /// <summary>How many machines are on-demand before the share of spot counts.</summary>
    public static int OnDemandBase(AutoScalingGroup group) => group.MixedInstancesPolicy?.InstancesDistribution?.OnDemandBaseCapacity ?? 0;

    /// <summary>The types to choose from; without a choice those of the machines that there are.</summary>
    public static IReadOnlyList<string> InstanceTypes(AutoScalingGroup group)
    {
        IEnumerable<string?> named = group.MixedInstancesPolicy?.LaunchTemplate?.Overrides?.Select(o => o.InstanceType) ?? [];
        List<string> types = [.. named.OfType<string>().Distinct(StringComparer.Ordinal)];
        return types.Count > 0 ? types : [.. (group.Instances ?? []).Select(i => i.InstanceType).OfType<string>().Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];
    }

    /// <summary>The names of its target groups.</summary>
    public static IReadOnlyList<string> TargetGroups(AutoScalingGroup group) => [.. (group.TargetGroupARNs ?? []).Select(Groups.TargetGroups.NameIn)];

    /// <summary>The launch template that new machines come from, or null.</summary>
    public static LaunchTemplateSpecification? TemplateOf(AutoScalingGroup group) =>
        group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;

    /// <summary><c>ready</c>, <c>1 of 2</c>, or what Auto Scaling calls it while it ends.</summary>
    public static string StateOf(AutoScalingGroup group)
    {
        if (IsEnding(group))
            return "deleting";
        (int there, int wanted) = (InService(group), group.DesiredCapacity ?? 0);
        return there == wanted && group.Instances?.Count == wanted ? "ready" : $"{there} of {wanted}";
    }
}
