using System.Globalization;
using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Groups;

namespace Fe2Ps.Views;

/// <summary>What the views and the script properties of <c>Fe2Ps.Group</c> show. Nothing here asks the network.</summary>
public static class GroupView
{
    /// <summary><c>ready</c>, <c>1 of 2</c>, or <c>deleting</c>.</summary>
    public static string State(AutoScalingGroup group) => GroupFacts.StateOf(group);

    /// <summary>How many machines are in service.</summary>
    public static int InService(AutoScalingGroup group) => GroupFacts.InService(group);

    /// <summary>How many of a hundred machines above the base are spot.</summary>
    public static int SpotPercent(AutoScalingGroup group) => GroupFacts.SpotPercent(group);

    /// <summary><c>70%</c>.</summary>
    public static string SpotText(AutoScalingGroup group) => string.Create(CultureInfo.InvariantCulture, $"{GroupFacts.SpotPercent(group)}%");

    /// <summary>How many machines are on-demand before the share of spot counts.</summary>
    public static int OnDemandBase(AutoScalingGroup group) => GroupFacts.OnDemandBase(group);

    /// <summary>The types to choose from.</summary>
    public static string[] InstanceType(AutoScalingGroup group) => [.. GroupFacts.InstanceTypes(group)];

    /// <summary>The first type, and how many others, where the window is narrow.</summary>
    public static string TypeText(AutoScalingGroup group, int width) =>
        GroupFacts.InstanceTypes(group) is var types && Cell.IsNarrow(width) && types.Count > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{types[0]} +{types.Count - 1}") : string.Join(',', types);

    /// <summary>The names of its target groups.</summary>
    public static string[] TargetGroup(AutoScalingGroup group) => [.. GroupFacts.TargetGroups(group)];

    /// <summary>Since when it is.</summary>
    public static TimeSpan? Age(AutoScalingGroup group) => group.CreatedTime is { } made ? Ages.Since(made) : null;

    /// <summary>An age in its two largest units.</summary>
    public static string AgeText(AutoScalingGroup group) => Age(group) is { } age ? Core.AgeText.Of(age) : "";
}
