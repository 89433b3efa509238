using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Storage;

/// <summary>The failures of volumes and snapshots, with what to do next.</summary>
internal static class StorageErrors
{
    public static Fe2Exception VolumeNotFound(string name, string region) => new(
        "VolumeNotFound", Fe2ErrorKind.NotFound, $"There is no volume '{name}' in {region}.",
        "Get-Fe2Volume lists them; another region is named with -Region.", name);

    public static Fe2Exception VolumeAmbiguous(string name, IEnumerable<Volume> volumes) => new(
        "VolumeAmbiguous", Fe2ErrorKind.Ambiguous,
        $"Several volumes are called '{name}': {string.Join(", ", volumes.Select(v => $"{v.VolumeId} ({VolumeFacts.StateOf(v)})"))}.",
        "Give the id of the one you mean.", name);

    public static Fe2Exception SnapshotNotFound(string name, string region) => new(
        "SnapshotNotFound", Fe2ErrorKind.NotFound, $"There is no snapshot '{name}' of this account in {region}.",
        "Get-Fe2Snapshot lists them; another region is named with -Region.", name);

    public static Fe2Exception SnapshotAmbiguous(string name, IEnumerable<Snapshot> snapshots) => new(
        "SnapshotAmbiguous", Fe2ErrorKind.Ambiguous,
        $"Several snapshots are called '{name}': {string.Join(", ", snapshots.Select(s => $"{s.SnapshotId} ({s.StartTime?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)})"))}.",
        "Give the id of the one you mean, or select all of them with a wildcard.", name);

    public static Fe2Exception SnapshotNotReady(Snapshot newest, Snapshot? older) => new(
        "SnapshotNotReady", Fe2ErrorKind.InvalidState,
        $"The snapshot {SnapshotFacts.Label(newest)} is {SnapshotFacts.StateOf(newest)}, {SnapshotFacts.PercentOf(newest)} %.",
        $"Wait for it: Wait-Fe2Snapshot {newest.SnapshotId}."
        + (older is null ? "" : $" An older one of that name is finished, {older.SnapshotId} of {older.StartTime?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}; its id takes it."),
        newest.SnapshotId);

    public static Fe2Exception SnapshotFailed(Snapshot snapshot) => new(
        "SnapshotFailed", Fe2ErrorKind.OperationFailed,
        $"The snapshot {SnapshotFacts.Label(snapshot)} failed: {(snapshot.StateMessage is { Length: > 0 } why ? why : "EC2 gives no reason")}.",
        $"Remove it (Remove-Fe2Snapshot {snapshot.SnapshotId}) and take another.", snapshot.SnapshotId);

    public static Fe2Exception NameTaken(Volume holder, string why) => new(
        "NameTaken", Fe2ErrorKind.Ambiguous, $"The name '{VolumeFacts.NameOf(holder)}' is taken by {holder.VolumeId} ({VolumeFacts.StateOf(holder)}, {holder.Size} GiB).{why}",
        $"Choose another -Name, or use that volume: Mount-Fe2Volume {VolumeFacts.NameOf(holder)}", VolumeFacts.NameOf(holder));

    public static Fe2Exception Invalid(string parameter, object? value, string why, string nextStep) => new(
        parameter + "Invalid", Fe2ErrorKind.InvalidArgument, $"-{parameter} {value}: {why}", nextStep, value);

    public static Fe2Exception WithoutInstance(string parameter, object? value) => new(
        parameter + "WithoutInstance", Fe2ErrorKind.InvalidArgument,
        $"-{parameter}{(value is null ? "" : $" {value}")} says how to mount the volume, and without -Instance nothing mounts it.",
        $"Add -Instance, or give -{parameter} to Mount-Fe2Volume later.", value);

    public static Fe2Exception ZoneWithInstance(string zone) => new(
        "ZoneWithInstance", Fe2ErrorKind.InvalidArgument, $"-Zone {zone} is for a volume without an instance; with -Instance it is made in the instance's zone.",
        "Leave -Zone or -Instance out.", zone);

    public static Fe2Exception ZoneOfHolder(string zone, Instance holder, string snapshot) => new(
        "ZoneWithInstance", Fe2ErrorKind.InvalidArgument,
        $"-Zone {zone} is for a volume that no instance has; {InstanceFacts.Label(holder)} has this one, and the new one is made in its zone {holder.Placement?.AvailabilityZone}.",
        $"Leave -Zone out. A volume in another zone: New-Fe2Volume -Snapshot {snapshot} -Zone {zone}.", zone);

    public static Fe2Exception MountPointUnused(string point, Instance? holder) => new(
        "MountPointWithoutInstance", Fe2ErrorKind.InvalidArgument,
        $"-MountPoint {point} says where to mount the volume, and {(holder is null ? "no instance has it" : $"{InstanceFacts.Label(holder)}, which has it, is {InstanceFacts.StateOf(holder)}")}, so nothing mounts it.",
        holder is null ? "Add -Instance, or give -MountPoint to Mount-Fe2Volume later."
            : $"Start it (Start-Fe2Instance {InstanceFacts.NameOf(holder) ?? holder.InstanceId}), add the -Instance of a running one, or give -MountPoint to Mount-Fe2Volume later.",
        point);

    public static Fe2Exception InUse(Volume volume, string wanted) => new(
        "VolumeInUse", Fe2ErrorKind.InvalidState, $"{VolumeFacts.Label(volume)} is attached to {VolumeFacts.InstanceOf(volume)}, so it cannot be {wanted}.",
        $"Dismount-Fe2Volume {volume.VolumeId} first.", volume.VolumeId);

    public static Fe2Exception NotAvailable(Volume volume) => new(
        "VolumeNotAvailable", Fe2ErrorKind.InvalidState, $"{VolumeFacts.Label(volume)} is {VolumeFacts.StateOf(volume)}.",
        "Get-Fe2Volume shows its state; try again when it is available.", volume.VolumeId);

    public static Fe2Exception OtherZone(Volume volume, Instance instance) => new(
        "VolumeInOtherZone", Fe2ErrorKind.InvalidState,
        $"{VolumeFacts.Label(volume)} is in {volume.AvailabilityZone}, {InstanceFacts.Label(instance)} in {instance.Placement?.AvailabilityZone}: a volume can be attached within its zone only.",
        "Mount-Fe2Volume ... -Move takes it there through a snapshot. For a second copy: New-Fe2Snapshot of it, then New-Fe2Volume -Snapshot -Instance.", volume.VolumeId);

    public static Fe2Exception IsRoot(Volume volume) => new(
        "VolumeIsRoot", Fe2ErrorKind.InvalidState, $"{VolumeFacts.Label(volume)} is the disk that {VolumeFacts.InstanceOf(volume)} boots from.",
        "Remove-Fe2Instance removes it with its instance.", volume.VolumeId);

    public static Fe2Exception NotRunning(Instance instance) => new(
        "InstanceNotRunning", Fe2ErrorKind.InvalidState, $"{InstanceFacts.Label(instance)} is {InstanceFacts.StateOf(instance)}.",
        $"Start it: Start-Fe2Instance {InstanceFacts.NameOf(instance) ?? instance.InstanceId}", instance.InstanceId);

    public static Fe2Exception NoDeviceLeft(Instance instance) => new(
        "NoDeviceLeft", Fe2ErrorKind.Capacity, $"Every device name of {InstanceFacts.Label(instance)} is in use.",
        "Dismount a volume first, or use another instance.", instance.InstanceId);

    public static Fe2Exception Stuck(Volume volume, string state, TimeSpan limit) => new(
        "VolumeStuck", Fe2ErrorKind.Timeout,
        string.Create(CultureInfo.InvariantCulture, $"{VolumeFacts.Label(volume)} is still {VolumeFacts.StateOf(volume)}, not {state}, after {limit.TotalMinutes:0} minutes."),
        "Get-Fe2Volume shows how it goes on. A device that stays attached is released by stopping the instance.", volume.VolumeId);

    /// <summary>What one of the scripts said with its exit code.</summary>
    public static Fe2Exception OfScript(int code, string output, string reason, string volume, string instance)
    {
        string says = reason.Trim().ReplaceLineEndings(" ");
        Fe2Exception Error(string id, Fe2ErrorKind kind, string message, string nextStep) => new(id, kind, message, nextStep, volume);
        return code switch
        {
            64 => Error("DeviceNotFound", Fe2ErrorKind.NotFound, $"{instance} shows no device for {volume}: {says}.",
                "Look at 'lsblk -o NAME,SERIAL,SIZE' there; a restart of the machine makes it see all its volumes."),
            65 => Error("VolumeNotBlank", Fe2ErrorKind.InvalidState, $"{volume} has no file system that can be mounted, and is not blank: {says}. It was not formatted.",
                "Look at it on the machine (blkid, lsblk). If nothing on it is needed, remove it (Remove-Fe2Volume) and make a new one."),
            66 => Error("MountPointInUse", Fe2ErrorKind.InvalidState, $"{volume} cannot be mounted on {instance}: {says}.",
                "Name another -MountPoint, or leave it out: the first free one is taken."),
            67 => Error("MountPointNotEmpty", Fe2ErrorKind.InvalidState, $"{volume} cannot be mounted on {instance}: {says}, and what is in it would be hidden.",
                "Name another -MountPoint, or move what is there."),
            68 => Error("MountedElsewhere", Fe2ErrorKind.InvalidState, $"{volume} cannot be mounted on {instance} a second time: {says}.",
                "Use it there, or dismount it first: Dismount-Fe2Volume."),
            69 => Error("MountFailed", Fe2ErrorKind.OperationFailed, $"{volume} could not be mounted on {instance}: {says}.",
                "Look at it there: 'sudo dmesg | tail' and 'sudo fsck -n' on the device tell what is wrong with the file system."),
            70 => Error("ProgramMissing", Fe2ErrorKind.NotInstalled, $"{instance} lacks a program for {volume}: {says}.",
                "Install it there, or choose another -FileSystem."),
            71 => Error("FormatFailed", Fe2ErrorKind.OperationFailed, $"{volume} could not be formatted on {instance}: {says}.",
                "Remove the volume and make a new one."),
            72 => Error("VolumeBusy", Fe2ErrorKind.InvalidState, $"{volume} is in use on {instance}{Processes(output)}.",
                "End them, or let -Force do it. What they have not written is lost then."),
            74 => Error("GrowFailed", Fe2ErrorKind.OperationFailed, $"{volume} has its new size, but its file system on {instance} did not grow: {says}.",
                "Dismount and mount it again: mounting grows it too."),
            75 => Error("VolumeLocked", Fe2ErrorKind.Timeout, $"{volume} is being worked on by somebody else on {instance}: {says}.",
                "Try again later; 'ps aux | grep mkfs' there shows what goes on."),
            76 => Error("VolumeHeld", Fe2ErrorKind.InvalidState, $"{volume} cannot be used on {instance}: {says}.",
                "LVM, RAID, encryption and swap are set up and ended by hand on the machine."),
            77 => Error("SeveralFileSystems", Fe2ErrorKind.Ambiguous, $"{volume} cannot be mounted on {instance}: {says}.",
                "Mount the one you mean by hand: sudo mount DEVICE FOLDER."),
            78 => Error("NotPersistent", Fe2ErrorKind.OperationFailed, $"{volume} is mounted on {instance}, but not for the next start: {says}.",
                "Write the line into /etc/fstab by hand, with the option nofail."),
            79 => Error("FreezeFailed", Fe2ErrorKind.OperationFailed, $"The file system of {volume} could not be held still on {instance}: {says}.",
                "Dismount the volume first, or take it as it is: -NoFreeze."),
            80 => Error("PartitionNotLast", Fe2ErrorKind.InvalidState, $"{volume} has its new size, but its file system on {instance} did not grow: {says}.",
                "Use the room for a partition of its own there (sudo cfdisk), or move what is behind it to another volume."),
            _ => Error("RemoteStepFailed", Fe2ErrorKind.OperationFailed, $"Working on {volume} failed on {instance} with exit code {code}: {(says.Length > 0 ? says : "nothing was said")}.",
                "The login user needs sudo without a password there."),
        };
    }

    private static string Processes(string output)
    {
        string[] processes = [.. output.Split('\n').Where(l => l.StartsWith("process ", StringComparison.Ordinal)).Select(l => l["process ".Length..].Trim())];
        return processes.Length == 0 ? " by something that cannot be told" : $" by {string.Join("; ", processes.Take(8))}{(processes.Length > 8 ? $" and {processes.Length - 8} more" : "")}";
    }
}
