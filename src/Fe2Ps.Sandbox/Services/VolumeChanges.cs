using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>
/// ModifyVolume and DescribeVolumesModifications. A change is "modifying", then counts and is "optimizing", then "completed"
/// (EBS user guide, "Monitor the progress of EBS volume modifications").
/// </summary>
internal static class VolumeChanges
{
    private static readonly Filters<ShownChange> s_filters = new Filters<ShownChange>(_ => new Dictionary<string, string>())
        .One("volume-id", item => item.Volume.Id)
        .One("modification-state", item => item.Shown.State)
        .One("original-size", item => item.Shown.From.Size)
        .One("original-iops", item => item.Shown.From.Iops)
        .One("original-volume-type", item => item.Shown.From.Type)
        .One("target-size", item => item.Shown.To.Size)
        .One("target-iops", item => item.Shown.To.Iops)
        .One("target-volume-type", item => item.Shown.To.Type)
        .One("start-time", item => item.Shown.StartedAt);

    public static void Register(OperationTable table)
    {
        table.Add("ModifyVolume", call => Modify(call, table));
        table.Add("DescribeVolumesModifications", Describe);
    }

    private static Fields Modify(Call call, OperationTable table)
    {
        var volume = call.Volume(call.Input.Text("VolumeId")!);
        if (volume.State is not ("available" or "in-use"))
            throw new ApiException("IncorrectState", $"The volume '{volume.Id}' is not in a state in which it can be modified.");
        if (volume.Change is { State: "modifying" or "optimizing" } busy)
            throw new ApiException("IncorrectModificationState", $"Cannot modify volume {volume.Id} in modification state {busy.State.ToUpperInvariant()}.");
        if (volume.Change is { State: "completed" } before && call.Now - before.StartedAt < TimeSpan.FromHours(6))
        {
            throw new ApiException(
                "VolumeModificationRateExceeded",
                $"You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume ({volume.Id}).");
        }

        var size = call.Input.Int("Size") ?? volume.Size;
        if (size < volume.Size)
            throw new ApiException("InvalidParameterValue", "New size cannot be smaller than existing size");
        var type = call.Input.Text("VolumeType") ?? volume.Type;
        var keeps = type == volume.Type && type is "gp3" or "io1" or "io2";
        var (iops, throughput) = VolumeRules.Performance(
            type, size, call.Input.Int("Iops") ?? (keeps ? volume.Iops : null), call.Input.Int("Throughput") ?? (keeps ? volume.Throughput : null));
        var late = call.Cloud.Faults.Strike("late-visibility", call.Operation.Name)?.Seconds ?? 0;
        var change = new VolumeChange
        {
            VisibleAt = call.Now + TimeSpan.FromSeconds(late),
            Before = late > 0 ? volume.Change : null,
            From = new VolumeForm(volume.Size, volume.Type, volume.Iops, volume.Throughput),
            To = new VolumeForm(size, type, iops, throughput),
            StartedAt = call.Now,
        };
        volume.Change = change;
        var grows = size > volume.Size;
        table.Hosts.Then(
            volume.Id,
            async token =>
            {
                await table.Hosts.StoragePause().ConfigureAwait(false);
                if (grows)
                    await call.Cloud.Fabric.ResizeVolumeAsync(volume.Id, size, token).ConfigureAwait(false);
            },
            () =>
            {
                Take(volume, change);
                call.Cloud.After(call.Cloud.Pace.Storage, () => End(call.Cloud, change));
            },
            error => (change.State, change.Message, change.EndedAt) = ("failed", error.Message, call.Cloud.Now));
        return new Fields { ["VolumeModification"] = One(volume, change) };
    }

    /// <summary>What was under way when the sandbox ended is completed.</summary>
    public static void Resume(Cloud cloud, Volume volume)
    {
        if (volume.Change is not { State: "modifying" or "optimizing" } change)
            return;
        Take(volume, change);
        End(cloud, change);
    }

    private static void Take(Volume volume, VolumeChange change)
    {
        (volume.Size, volume.Type, volume.Iops, volume.Throughput) = (change.To.Size, change.To.Type, change.To.Iops, change.To.Throughput);
        (change.State, change.Progress) = ("optimizing", 50);
    }

    private static void End(Cloud cloud, VolumeChange change) => (change.State, change.Progress, change.EndedAt) = ("completed", 100, cloud.Now);

    private static Fields Describe(Call call)
    {
        var ids = call.Input.Strings("VolumeIds");
        if (ids.Count > 0 && call.Input.Has("MaxResults"))
            throw new ApiException("InvalidParameterCombination", "The parameter volumeIds cannot be used with the parameter maxResults");
        var shown = new List<ShownChange>();
        foreach (var volume in ids.Count > 0 ? ids.Select(call.Volume) : call.Region.Volumes.Values)
        {
            var change = volume.Change;
            while (change?.VisibleAt > call.Now)
                change = change.Before;
            if (change is not null)
                shown.Add(new ShownChange(volume, change));
            else if (ids.Count > 0)
                throw new ApiException("InvalidVolumeModification.NotFound", $"Modification for volume '{volume.Id}' does not exist.");
        }

        var page = Pages.Cut(s_filters.Apply(shown, call.Input), call, item => item.Volume.Id, most: 500, usual: 500);
        return new Fields { ["VolumesModifications"] = page.Items.Select(item => One(item.Volume, item.Shown)), ["NextToken"] = page.NextToken };
    }

    private static Fields One(Volume volume, VolumeChange change) => new()
    {
        ["VolumeId"] = volume.Id,
        ["ModificationState"] = change.State,
        ["StatusMessage"] = change.Message,
        ["TargetSize"] = change.To.Size,
        ["TargetIops"] = change.To.Iops,
        ["TargetVolumeType"] = change.To.Type,
        ["TargetThroughput"] = change.To.Throughput,
        ["OriginalSize"] = change.From.Size,
        ["OriginalIops"] = change.From.Iops,
        ["OriginalVolumeType"] = change.From.Type,
        ["OriginalThroughput"] = change.From.Throughput,
        ["Progress"] = change.Progress,
        ["StartTime"] = change.StartedAt,
        ["EndTime"] = change.EndedAt,
    };

    /// <summary>The change of a volume that is told of now.</summary>
    private sealed record ShownChange(Volume Volume, VolumeChange Shown);
}
