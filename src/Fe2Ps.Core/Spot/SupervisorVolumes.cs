using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using static Fe2Ps.Core.Spot.RequestBody;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// What a supervisor's plan says about the job's data volumes: the requests by which it brings them to the next machine, as
/// <see cref="JobVolumeMove"/> does, with the tags of each thing in the request that makes it; and the scripts for the machines.
/// </summary>
internal sealed class SupervisorVolumes(Fe2Session session, Job job, RecoveryFacts facts)
{
    /// <summary>The scripts that it calls on machines.</summary>
    private static readonly string[] Scripts = ["mount", "dismount", "where", "freeze"];

    /// <summary>Lines of the plan. None for a job without volumes.</summary>
    public async Task<IReadOnlyList<(string Key, string Value)>> LinesAsync(CancellationToken cancellationToken)
    {
        if (facts.Volumes.Count == 0)
            return [];
        List<(string Key, string Value)> lines = [("keep-volume", facts.Options.KeepVolume ? "1" : "0"), .. Scripts.Select(s => ($"disk-{s}", Base64(GuestDisk.TextOf(s))))];
        foreach (JobVolume volume in facts.Volumes)
        {
            lines.Add(($"volume-{volume.Key}", $"{Flag(volume.Persists)} {Flag(volume.EndsWithMachine)} {volume.FileSystem} {Base64(volume.MountPoint)}"));
            lines.Add(($"volume-save-{volume.Key}", await SnapshotAsync(volume).ConfigureAwait(false)));
            lines.Add(($"volume-copy-{volume.Key}", await CopyAsync(volume, cancellationToken).ConfigureAwait(false)));
            lines.Add(($"volume-keep-{volume.Key}", await KeptNameAsync(volume).ConfigureAwait(false)));
        }

        lines.AddRange(await RequestsAsync().ConfigureAwait(false));
        return lines;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Flag(bool value) => value ? "1" : "0";

    private async Task<IReadOnlyList<(string Key, string Value)>> RequestsAsync()
    {
        string volume = Word("VOLUME"), snapshot = Word("SNAPSHOT");
        List<Filter> ofJob = [InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id]), InstanceQuery.Filter($"tag:{TagNames.JobVolume}", [Word("KEY")])];
        return
        [
            ("volumes-of", await OfAsync(c => c.DescribeVolumesAsync(new DescribeVolumesRequest { Filters = ofJob })).ConfigureAwait(false)),
            ("volume-look", await OfAsync(c => c.DescribeVolumesAsync(new DescribeVolumesRequest { VolumeIds = [volume] })).ConfigureAwait(false)),
            ("volume-attach", await OfAsync(c => c.AttachVolumeAsync(
                new AttachVolumeRequest { VolumeId = volume, InstanceId = Word("INSTANCE"), Device = Word("DEVICE") })).ConfigureAwait(false)),
            ("volume-detach", await OfAsync(c => c.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = volume })).ConfigureAwait(false)),
            ("volume-take", await OfAsync(c => c.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = volume, Force = true })).ConfigureAwait(false)),
            ("volume-remove", await OfAsync(c => c.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = volume })).ConfigureAwait(false)),
            ("volume-kept", await OfAsync(c => c.DeleteTagsAsync(
                new DeleteTagsRequest { Resources = [volume], Tags = [new Tag { Key = TagNames.JobVolume }] })).ConfigureAwait(false)),
            ("snapshots-of", await OfAsync(c => c.DescribeSnapshotsAsync(
                new DescribeSnapshotsRequest { OwnerIds = ["self"], Filters = [.. ofJob, InstanceQuery.Filter("tag-key", [TagNames.SavedOf])] })).ConfigureAwait(false)),
            ("snapshot", await OfAsync(c => c.DescribeSnapshotsAsync(new DescribeSnapshotsRequest { SnapshotIds = [snapshot] })).ConfigureAwait(false)),
            ("snapshot-remove", await OfAsync(c => c.DeleteSnapshotAsync(new DeleteSnapshotRequest { SnapshotId = snapshot })).ConfigureAwait(false)),
        ];
    }

    private Task<string> SnapshotAsync(JobVolume volume)
    {
        var tags = new Dictionary<string, string>(JobVolumeMove.Tags(job, volume)) { [TagNames.SavedOf] = Word("ATTEMPT") };
        return OfAsync(c => c.CreateSnapshotAsync(new CreateSnapshotRequest
        {
            VolumeId = Word("VOLUME"),
            Description = JobVolumeMove.SnapshotDescription(job, volume, Word("ATTEMPT")),
            TagSpecifications = StorageTags.For(session, ResourceType.Snapshot, volume.Name, Word("TOKEN"), tags, mayBeOurs: true),
        }));
    }

    /// <summary>With the tags that the volume has now. Size and type may change before a copy is made; the supervisor looks then.</summary>
    private async Task<string> CopyAsync(JobVolume volume, CancellationToken cancellationToken)
    {
        Volume? now = await new VolumeQuery(session).TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false);
        Dictionary<string, string> tags = now is null ? new(StringComparer.Ordinal) : VolumeMove.TagsOf(now);
        foreach (var (key, value) in JobVolumeMove.Tags(job, volume))
            tags[key] = value;
        tags[TagNames.MountPoint] = volume.MountPoint;
        return await OfAsync(c => c.CreateVolumeAsync(new CreateVolumeRequest
        {
            ClientToken = Word("TOKEN"),
            AvailabilityZone = Word("ZONE"),
            SnapshotId = Word("SNAPSHOT"),
            TagSpecifications = StorageTags.For(session, ResourceType.Volume, volume.Name, Word("TOKEN"), tags, mayBeOurs: true),
        })).ConfigureAwait(false);
    }

    private Task<string> KeptNameAsync(JobVolume volume) => OfAsync(c => c.CreateTagsAsync(new CreateTagsRequest
    {
        Resources = [Word("VOLUME")],
        Tags = [new Tag(TagNames.Name, JobVolumeMove.FormerName(job, volume.Name ?? Word("VOLUME"), Word("NUMBER")))],
    }));
}
