using System.Globalization;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>
/// Makes the snapshots of Data Lifecycle Manager's policies at their times, by the sandbox's clock, and removes those that are too many
/// or too old. A real one begins within the hour after its time; this one begins at it.
/// </summary>
internal sealed class LifecycleKeeper(Cloud cloud, OperationTable table)
{
    private const string PolicyTag = "aws:dlm:lifecycle-policy-id";
    private const string ScheduleTag = "aws:dlm:lifecycle-schedule-name";
    private Operation? _operation;

    /// <summary>After a restart the policies go on.</summary>
    /// <param name="operation">CreateSnapshot, in whose name snapshots are made.</param>
    public void Start(Operation operation)
    {
        _operation = operation;
        foreach (var region in cloud.State.Regions.Values)
        {
            foreach (var policy in region.Policies.Values)
                Arm(region, policy);
        }
    }

    /// <summary>Waits for the next time of each schedule of a policy, as it is now.</summary>
    public void Arm(RegionState region, LifecyclePolicy policy)
    {
        foreach (var schedule in policy.Details.List("Schedules"))
            Wait(region, policy, schedule, policy.ModifiedAt);
    }

    /// <summary>The first time of a schedule after a moment: its time of day and every interval from it, in UTC.</summary>
    public static DateTimeOffset Next(Fields schedule, DateTimeOffset after)
    {
        var rule = schedule.Struct("CreateRule")!;
        var time = rule.Strings("Times") is [var text, ..] ? TimeOnly.ParseExact(text, "HH:mm", CultureInfo.InvariantCulture) : new TimeOnly(9, 0);
        var interval = TimeSpan.FromHours(rule.Int("Interval")!.Value);
        var next = new DateTimeOffset(after.UtcDateTime.Date, TimeSpan.Zero) - TimeSpan.FromDays(1) + time.ToTimeSpan();
        while (next <= after)
            next += interval;
        return next;
    }

    /// <summary>Makes the snapshots of one schedule now.</summary>
    public void Run(RegionState region, LifecyclePolicy policy, Fields schedule)
    {
        foreach (var volume in Targets(region, policy).Where(volume => volume.State is "available" or "in-use").ToList())
        {
            var tags = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [PolicyTag] = policy.Id,
                [ScheduleTag] = schedule.Text("Name")!,
                ["dlm:managed"] = "true",
            };
            foreach (var tag in schedule.List("TagsToAdd"))
                tags[tag.Text("Key")!] = tag.Text("Value") ?? "";
            if (schedule.Is("CopyTags"))
            {
                foreach (var (key, value) in volume.Tags.Where(tag => !tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)))
                    tags.TryAdd(key, value);
            }

            Snapshots.Take(
                new Call(cloud, _operation!, [], region.Name), table, volume, $"Created for policy: {policy.Id} schedule: {schedule.Text("Name")}", tags,
                () => Retain(region, policy, schedule, volume.Id), _ => { });
        }
    }

    private static IEnumerable<Volume> Targets(RegionState region, LifecyclePolicy policy)
    {
        var wanted = policy.Details.List("TargetTags");
        bool Fits(Resource resource) => wanted.Any(tag => resource.Tags.TryGetValue(tag.Text("Key")!, out var value) && value == tag.Text("Value"));
        if (policy.Details.Strings("ResourceTypes")[0] == "VOLUME")
            return region.Volumes.Values.Where(Fits);
        var withoutRoot = policy.Details.Struct("Parameters")?.Is("ExcludeBootVolume") ?? false;
        return region.Instances.Values.Where(instance => instance.IsAlive && Fits(instance))
            .SelectMany(instance => instance.VolumeIds).Select(id => region.Volumes.GetValueOrDefault(id)).OfType<Volume>().Where(volume => !(withoutRoot && volume.IsRoot));
    }

    private void Wait(RegionState region, LifecyclePolicy policy, Fields schedule, DateTimeOffset asOf) => cloud.After(Next(schedule, cloud.Now) - cloud.Now, () =>
    {
        // Changed or deleted meanwhile: another wait, or none, has taken this one's place.
        if (region.Policies.GetValueOrDefault(policy.Id) != policy || policy.ModifiedAt != asOf)
            return;
        if (policy.State == "ENABLED")
            Run(region, policy, schedule);
        Wait(region, policy, schedule, asOf);
    });

    private void Retain(RegionState region, LifecyclePolicy policy, Fields schedule, string volumeId)
    {
        var own = region.Snapshots.Values.Where(snapshot => snapshot.VolumeId == volumeId && snapshot.State == "completed"
            && snapshot.Tags.GetValueOrDefault(PolicyTag) == policy.Id && snapshot.Tags.GetValueOrDefault(ScheduleTag) == schedule.Text("Name"))
            .OrderByDescending(snapshot => snapshot.CreatedAt).ToList();
        var rule = schedule.Struct("RetainRule")!;
        var past = rule.Int("Count") is { } count ? own.Skip(count) : own.Where(snapshot => snapshot.CreatedAt < Oldest(rule));
        foreach (var snapshot in past.Where(snapshot => !region.Images.Values.Any(image => image.Devices.Any(device => device.SnapshotId == snapshot.Id))).ToList())
            Snapshots.Remove(region, table, cloud, snapshot.Id);
    }

    private DateTimeOffset Oldest(Fields rule)
    {
        var many = rule.Int("Interval")!.Value;
        return rule.Text("IntervalUnit") switch
        {
            "WEEKS" => cloud.Now.AddDays(-7 * many),
            "MONTHS" => cloud.Now.AddMonths(-many),
            "YEARS" => cloud.Now.AddYears(-many),
            _ => cloud.Now.AddDays(-many),
        };
    }
}
