using System.Management.Automation;
using Amazon.AutoScaling.Model;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Views;

/// <summary>
/// SDK objects as they enter the pipeline: a type name of Fe2Ps in front, which carries the view, and where they came from,
/// so that the next cmdlet of the pipeline works in the same place.
/// </summary>
internal static class Dressed
{
    /// <summary>An instance, <c>Fe2Ps.Instance</c>.</summary>
    public static PSObject Instance(Amazon.EC2.Model.Instance instance, Fe2Session session, SessionOptions where) => Dress(instance, "Fe2Ps.Instance", session, where);

    /// <summary>An image, <c>Fe2Ps.Image</c>.</summary>
    public static PSObject Image(Image image, Fe2Session session, SessionOptions where) => Dress(image, "Fe2Ps.Image", session, where);

    /// <summary>A volume, <c>Fe2Ps.Volume</c>.</summary>
    public static PSObject Volume(Volume volume, Fe2Session session, SessionOptions where) => Dress(volume, "Fe2Ps.Volume", session, where);

    /// <summary>A snapshot, <c>Fe2Ps.Snapshot</c>.</summary>
    public static PSObject Snapshot(Snapshot snapshot, Fe2Session session, SessionOptions where) => Dress(snapshot, "Fe2Ps.Snapshot", session, where);

    /// <summary>A backup, <c>Fe2Ps.Backup</c>.</summary>
    public static PSObject Backup(Backup backup, Fe2Session session, SessionOptions where) => Dress(backup, "Fe2Ps.Backup", session, where);
    /// <summary>A shared file system, <c>Fe2Ps.FileSystem</c>.</summary>
    public static PSObject FileSystem(FileSystemDescription system, Fe2Session session, SessionOptions where) => Dress(system, "Fe2Ps.FileSystem", session, where);

    /// <summary>A group of machines, <c>Fe2Ps.Group</c>.</summary>
    public static PSObject Group(AutoScalingGroup group, Fe2Session session, SessionOptions where) => Dress(group, "Fe2Ps.Group", session, where);

    /// <summary>A script job, <c>Fe2Ps.Script</c>.</summary>
    public static PSObject Job(Job job, Fe2Session session, SessionOptions where) => Dress(job, "Fe2Ps.Script", session, where);

    /// <summary>Any object, with <c>Region</c> and, where they differ from what every cmdlet would take, <c>ProfileName</c> and <c>EndpointUrl</c>.</summary>
    public static PSObject Dress(object value, string typeName, Fe2Session session, SessionOptions where)
    {
        var dressed = new PSObject(value);
        if (dressed.TypeNames[0] != typeName) dressed.TypeNames.Insert(0, typeName);
        Put(dressed, "Region", session.Region);
        if (where.ProfileName is not null) Put(dressed, "ProfileName", where.ProfileName);
        if (session.EndpointUrl is not null) Put(dressed, "EndpointUrl", session.EndpointUrl);
        return dressed;
    }

    /// <summary>An object that no region has, with <c>EndpointUrl</c> where that is not AWS's own.</summary>
    public static PSObject At(object value, Fe2Session? session)
    {
        var dressed = new PSObject(value);
        if (session?.EndpointUrl is { } endpoint) Put(dressed, "EndpointUrl", endpoint);
        return dressed;
    }

    private static void Put(PSObject dressed, string name, string value)
    {
        // An object that passes a second time has them already.
        dressed.Members.Remove(name);
        dressed.Members.Add(new PSNoteProperty(name, value));
    }
}
