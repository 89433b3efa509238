using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an object stand where its name or id is asked for.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ObjectNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = Bare(inputData);
        return value switch
        {
            IList list when list.Cast<object?>().Any(item => IdOf(Bare(item)) is not null) => list.Cast<object?>().Select(item => IdOf(Bare(item)) ?? item).ToArray(),
            _ => IdOf(value) ?? inputData,
        };
    }

    private protected abstract string? IdOf(object? value);

    private static object? Bare(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}

/// <summary>Lets a volume stand for its name: <c>Dismount-Fe2Volume $disk</c>.</summary>
public sealed class VolumeNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as Volume)?.VolumeId;
}

/// <summary>Lets a snapshot stand for its name: <c>New-Fe2Volume -Snapshot $snapshot</c>.</summary>
public sealed class SnapshotNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as Snapshot)?.SnapshotId;
}

/// <summary>Lets a backup stand for its name: <c>Unregister-Fe2Backup $backup</c>. Its policy is meant, whatever else has its name.</summary>
public sealed class BackupNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as Core.Backups.Backup)?.PolicyId;
}
