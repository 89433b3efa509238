using System.Globalization;
using Amazon.AutoScaling.Model;

namespace Fe2Ps.Core.Groups;

/// <summary>How a group chooses its machines: which types, and how many of them spot.</summary>
internal static class MachinePolicy
{
    /// <summary>
    /// Spot where there is most room for the least money; on-demand in the order of the types. Source: EC2 Auto Scaling user guide,
    /// "Auto Scaling groups with multiple instance types and purchase options".
    /// </summary>
    public static MixedInstancesPolicy Of(
        LaunchTemplateSpecification template, IEnumerable<string> types, int spotPercent, int onDemandBase, decimal? maxPrice) => new()
        {
            LaunchTemplate = new LaunchTemplate
            {
                LaunchTemplateSpecification = new LaunchTemplateSpecification { LaunchTemplateId = template.LaunchTemplateId, Version = template.Version },
                Overrides = [.. types.Select(t => new LaunchTemplateOverrides { InstanceType = t })],
            },
            InstancesDistribution = new InstancesDistribution
            {
                OnDemandBaseCapacity = onDemandBase,
                OnDemandPercentageAboveBaseCapacity = 100 - spotPercent,
                OnDemandAllocationStrategy = "prioritized",
                SpotAllocationStrategy = "price-capacity-optimized",
                SpotMaxPrice = maxPrice?.ToString(CultureInfo.InvariantCulture),
            },
        };

    /// <summary>The policy of a group after a change.</summary>
    public static MixedInstancesPolicy Of(AutoScalingGroup group, GroupChange change, LaunchTemplateSpecification template)
    {
        string? price = group.MixedInstancesPolicy?.InstancesDistribution?.SpotMaxPrice;
        return Of(
            template,
            change.InstanceTypes ?? GroupFacts.InstanceTypes(group),
            change.SpotPercent ?? GroupFacts.SpotPercent(group),
            change.OnDemandBase ?? GroupFacts.OnDemandBase(group),
            decimal.TryParse(price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal most) ? most : null);
    }
}
