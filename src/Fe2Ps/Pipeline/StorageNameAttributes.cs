using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an object stand where its name or id is asked for.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ObjectNameAttribute : ArgumentTransformationAttribute
{
    /// <summary>
    /// Refuses what is neither such an object nor a text. PowerShell would take the text of anything for a name, and there may be wildcards in it.
    /// For what is changed by a pipeline that binds nothing by the names of properties.
    /// </summary>
    public bool OnlyNames { get; set; }

    /// <inheritdoc/>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = Bare(inputData);
        return value switch
        {
            IList list when OnlyNames || list.Cast<object?>().Any(item => IdOf(Bare(item)) is not null) => list.Cast<object?>().Select(NameOf).ToArray(),
            _ => NameOf(inputData)!,
        };
    }

    /// <summary>True for text, and for numbers, which are text that PowerShell has read already.</summary>
    internal static bool IsText(object value) => Type.GetTypeCode(value.GetType()) is TypeCode.Char or TypeCode.String or (>= TypeCode.SByte and <= TypeCode.Decimal);

    private protected abstract string? IdOf(object? value);

    private object? NameOf(object? item)
    {
        object? value = Bare(item);
        if (IdOf(value) is { } id) return id;
        return !OnlyNames || value is null || IsText(value)
            ? item : throw new ArgumentTransformationMetadataException($"'{item}' is not what this cmdlet acts on, and no name of it.");
    }

    private static object? Bare(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}

/// <summary>Lets a volume stand for its name: <c>Dismount-Fe2Volume $disk</c>.</summary>
public sealed class VolumeNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as Volume)?.VolumeId;
}

/// <summary>Lets a snapshot stand for its name: <c>New-Fe2Volume -Snapshot $snapshot</c>. A volume's <c>SnapshotId</c> never stands for it.</summary>
public sealed class SnapshotNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => value switch
    {
        Snapshot snapshot => snapshot.SnapshotId,
        Volume volume => throw new ArgumentTransformationMetadataException(
            $"The volume {volume.VolumeId} is no snapshot. Take one of it with New-Fe2Snapshot, or give what Get-Fe2Snapshot gives."),
        _ => null,
    };
}

/// <summary>Lets a backup stand for its name: <c>Unregister-Fe2Backup $backup</c>. Its policy is meant, whatever else has its name.</summary>
public sealed class BackupNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as Core.Backups.Backup)?.PolicyId;
}
