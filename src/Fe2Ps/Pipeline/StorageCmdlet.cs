using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>What a cmdlet acts on, and how that is told from what else comes down a pipeline.</summary>
/// <param name="IdProperty">The property that holds the id in objects of other kinds.</param>
/// <param name="IdOf">The id of an object of this kind; null for another.</param>
/// <param name="IsOther">True for an object that has the property, and means something else by it.</param>
/// <param name="None">The error for what is nothing of this kind.</param>
internal sealed record StorageKind(string IdProperty, Func<object, string?> IdOf, Func<object, bool> IsOther, Func<PSObject?, Fe2Exception> None)
{
    /// <summary>Volumes. A snapshot has the id of a volume too, and is none.</summary>
    public static StorageKind Volume { get; } = new("VolumeId", o => (o as Volume)?.VolumeId, o => o is Snapshot, input => new Fe2Exception(
        "NotAVolume", Fe2ErrorKind.InvalidArgument, $"{Texts.Quoted(input)} is neither a volume nor the name of one.", "Pipe in what Get-Fe2Volume gives.", input));

    /// <summary>Snapshots. A volume has the id of a snapshot too, and is none.</summary>
    public static StorageKind Snapshot { get; } = new("SnapshotId", o => (o as Snapshot)?.SnapshotId, o => o is Volume, input => new Fe2Exception(
        "NotASnapshot", Fe2ErrorKind.InvalidArgument, $"{Texts.Quoted(input)} is neither a snapshot nor the name of one.", "Pipe in what Get-Fe2Snapshot gives.", input));
}

/// <summary>A cmdlet that acts on volumes or snapshots. What a pipeline names in one place is asked for together, once.</summary>
public abstract class StorageCmdlet : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
            Run(async stop => await ActAsync(await OpenAsync(where, stop).ConfigureAwait(false), where, names, stop).ConfigureAwait(false));
    }

    /// <summary>What it acts on.</summary>
    private protected abstract StorageKind Kind { get; }

    /// <summary>What is done with all that was named in one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop);

    /// <summary>Adds names or ids.</summary>
    private protected void Add(params IReadOnlyCollection<string> names) => _batches.Add(Where, names);

    /// <summary>Adds what came down the pipeline: an object, the name or the id of one. Whatever else came names nothing, and nothing is done for it.</summary>
    private protected void AddPiped(PSObject? input)
    {
        if (input is null)
        {
            WriteError(Kind.None(null).ToErrorRecord());
            return;
        }

        object bare = input.BaseObject;
        if ((Kind.IdOf(bare) ?? bare as string) is { } named) Add(named);
        else if (!Kind.IsOther(bare) && input.Properties[Kind.IdProperty]?.Value is string { Length: > 0 } id) Add(id);
        else WriteError(Kind.None(input).ToErrorRecord());
    }

    /// <summary>Adds what one record of a cmdlet in two forms names: the names of its command line, and what came down the pipeline.</summary>
    private protected void Take(string[] names, PSObject? input)
    {
        Add(names);
        if (MyInvocation.ExpectingInput || input is not null) AddPiped(input);
    }

    /// <summary>Adds what one record names, by the parameter set that it uses.</summary>
    private protected void Take(string[] names, string[] ids, PSObject[] objects)
    {
        switch (ParameterSetName)
        {
            case "Name": Add(names); break;
            case "Id": Add(ids); break;
            default: Array.ForEach(objects, AddPiped); break;
        }
    }
}
