using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Amazon.AutoScaling.Model;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Prices;

namespace Fe2Ps.Views;

/// <summary>
/// The properties that the module's own type names add to the SDK's objects. In code, because PowerShell takes longer to read them
/// from a file than for all the rest of an import, and to call a script for each than for the object itself. An age is hidden
/// because ConvertTo-Json writes a length of time as seventeen lines, of which none will be true a moment later; the time of the
/// beginning is in the object.
/// </summary>
public static class ExtraMembers
{
    /// <summary>All of them, as Update-TypeData takes them.</summary>
    public static TypeData[] All() =>
    [
        Of(
            "Fe2Ps.Instance",
            Property("Name", OfInstance.Name), Property("State", OfInstance.State), Property("Zone", OfInstance.Zone), Property("Ip", OfInstance.Ip),
            Hidden("Age", OfInstance.Age), Property("Price", OfInstance.Price), Property("IsSpot", OfInstance.IsSpot)),
        Of("Fe2Ps.Image", Hidden("Age", OfImage.Age)),
        Of("Fe2Ps.FileSystem", Property("State", OfFileSystem.State), Hidden("Age", OfFileSystem.Age)),
        Of(
            "Fe2Ps.Group",
            Property("Name", OfGroup.Name), Property("State", OfGroup.State), Property("InService", OfGroup.InService), Property("SpotPercent", OfGroup.SpotPercent),
            Property("InstanceType", OfGroup.InstanceType), Property("TargetGroup", OfGroup.TargetGroup), Hidden("Age", OfGroup.Age)),
        Of("Fe2Ps.Price", Property("Age", OfPrice.Age)),
        Of(
            "Fe2Ps.Volume",
            Property("Name", OfVolume.Name), Property("State", OfVolume.State), Property("AttachedTo", OfVolume.AttachedTo),
            Property("MountPoint", OfVolume.MountPoint), Hidden("Age", OfVolume.Age)),
        Of(
            "Fe2Ps.Snapshot",
            Property("Name", OfSnapshot.Name), Property("State", OfSnapshot.State), Property("Percent", OfSnapshot.Percent), Hidden("Age", OfSnapshot.Age)),
    ];

    private static TypeData Of(string name, params CodePropertyData[] properties)
    {
        TypeData type = new(name);
        foreach (CodePropertyData property in properties) type.Members.Add(property.Name, property);
        return type;
    }

    private static CodePropertyData Property<T>(string name, Func<PSObject, T> getter) => new(name, getter.Method);

    private static CodePropertyData Hidden<T>(string name, Func<PSObject, T> getter) => new(name, getter.Method) { IsHidden = true };

    /// <summary>What <c>Fe2Ps.Instance</c> adds.</summary>
    public static class OfInstance
    {
        /// <inheritdoc cref="InstanceView.Name(Amazon.EC2.Model.Instance)"/>
        public static string? Name(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.Name(instance) : null;

        /// <inheritdoc cref="InstanceView.State"/>
        public static string? State(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.State(instance) : null;

        /// <inheritdoc cref="InstanceView.Zone(Amazon.EC2.Model.Instance)"/>
        public static string? Zone(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.Zone(instance) : null;

        /// <inheritdoc cref="InstanceView.Ip"/>
        public static string? Ip(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.Ip(instance) : null;

        /// <inheritdoc cref="InstanceView.Age"/>
        public static TimeSpan? Age(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.Age(instance) : null;

        /// <inheritdoc cref="InstanceView.Price"/>
        public static decimal? Price(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.Price(instance) : null;

        /// <inheritdoc cref="InstanceView.IsSpot"/>
        public static bool? IsSpot(PSObject self) => self.BaseObject is Amazon.EC2.Model.Instance instance ? InstanceView.IsSpot(instance) : null;
    }

    /// <summary>What <c>Fe2Ps.Image</c> adds.</summary>
    public static class OfImage
    {
        /// <inheritdoc cref="ImageView.Age"/>
        public static TimeSpan? Age(PSObject self) => self.BaseObject is Image image ? ImageView.Age(image) : null;
    }

    /// <summary>What <c>Fe2Ps.FileSystem</c> adds.</summary>
    public static class OfFileSystem
    {
        /// <inheritdoc cref="FileSystemView.State"/>
        public static string? State(PSObject self) => self.BaseObject is FileSystemDescription system ? FileSystemView.State(system) : null;

        /// <inheritdoc cref="FileSystemView.Age"/>
        public static TimeSpan? Age(PSObject self) => self.BaseObject is FileSystemDescription system ? FileSystemView.Age(system) : null;
    }

    /// <summary>What <c>Fe2Ps.Group</c> adds.</summary>
    public static class OfGroup
    {
        /// <summary>The name.</summary>
        public static string? Name(PSObject self) => (self.BaseObject as AutoScalingGroup)?.AutoScalingGroupName;

        /// <inheritdoc cref="GroupView.State"/>
        public static string? State(PSObject self) => self.BaseObject is AutoScalingGroup group ? GroupView.State(group) : null;

        /// <inheritdoc cref="GroupView.InService"/>
        public static int? InService(PSObject self) => self.BaseObject is AutoScalingGroup group ? GroupView.InService(group) : null;

        /// <inheritdoc cref="GroupView.SpotPercent"/>
        public static int? SpotPercent(PSObject self) => self.BaseObject is AutoScalingGroup group ? GroupView.SpotPercent(group) : null;

        /// <inheritdoc cref="GroupView.InstanceType"/>
        public static string[]? InstanceType(PSObject self) => self.BaseObject is AutoScalingGroup group ? GroupView.InstanceType(group) : null;

        /// <inheritdoc cref="GroupView.TargetGroup"/>
        public static string[]? TargetGroup(PSObject self) => self.BaseObject is AutoScalingGroup group ? GroupView.TargetGroup(group) : null;

        /// <inheritdoc cref="GroupView.Age"/>
        public static TimeSpan? Age(PSObject self) => self.BaseObject is AutoScalingGroup group ? GroupView.Age(group) : null;
    }

    /// <summary>What <c>Fe2Ps.Price</c> adds.</summary>
    public static class OfPrice
    {
        /// <inheritdoc cref="PriceView.AgeOf"/>
        public static string? Age(PSObject self) => self.BaseObject is OnDemandPrice price ? PriceView.AgeOf(price.AsOf) : null;
    }

    /// <summary>What <c>Fe2Ps.Volume</c> adds.</summary>
    public static class OfVolume
    {
        /// <inheritdoc cref="VolumeView.Name"/>
        public static string? Name(PSObject self) => self.BaseObject is Volume volume ? VolumeView.Name(volume) : null;

        /// <inheritdoc cref="VolumeView.State"/>
        public static string? State(PSObject self) => self.BaseObject is Volume volume ? VolumeView.State(volume) : null;

        /// <inheritdoc cref="VolumeView.AttachedTo"/>
        public static string? AttachedTo(PSObject self) => self.BaseObject is Volume volume ? VolumeView.AttachedTo(volume) : null;

        /// <inheritdoc cref="VolumeView.MountPoint"/>
        public static string? MountPoint(PSObject self) => self.BaseObject is Volume volume ? VolumeView.MountPoint(volume) : null;

        /// <inheritdoc cref="VolumeView.Age"/>
        public static TimeSpan? Age(PSObject self) => self.BaseObject is Volume volume ? VolumeView.Age(volume) : null;
    }

    /// <summary>What <c>Fe2Ps.Snapshot</c> adds.</summary>
    public static class OfSnapshot
    {
        /// <inheritdoc cref="SnapshotView.Name"/>
        public static string? Name(PSObject self) => self.BaseObject is Snapshot snapshot ? SnapshotView.Name(snapshot) : null;

        /// <inheritdoc cref="SnapshotView.State"/>
        public static string? State(PSObject self) => self.BaseObject is Snapshot snapshot ? SnapshotView.State(snapshot) : null;

        /// <inheritdoc cref="SnapshotView.Percent"/>
        public static int? Percent(PSObject self) => self.BaseObject is Snapshot snapshot ? SnapshotView.Percent(snapshot) : null;

        /// <inheritdoc cref="SnapshotView.Age"/>
        public static TimeSpan? Age(PSObject self) => self.BaseObject is Snapshot snapshot ? SnapshotView.Age(snapshot) : null;
    }
}
