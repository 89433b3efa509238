namespace Fe2Ps.Core.Instances;

/// <summary>The tags that are this module's database.</summary>
public static class TagNames
{
    /// <summary>The name that people use.</summary>
    public const string Name = "Name";

    /// <summary>Who launched it, <c>user@computer</c>.</summary>
    public const string Owner = "fe2:owner";

    /// <summary>The fingerprint of the machine's host key, <c>SHA256:...</c>.</summary>
    public const string HostKey = "fe2:hostkey";

    /// <summary>The id of one launch; all that one call of the launcher made carries the same.</summary>
    public const string Launch = "fe2:launch";

    /// <summary>The id of the job that a machine was launched for.</summary>
    public const string JobId = "fe2:job-id";

    /// <summary>Which machine of that job it is, counted from 1.</summary>
    public const string Attempt = "fe2:attempt";

    /// <summary>The login user that the launch chose; on an image, that of the machine that was frozen.</summary>
    public const string User = "fe2:user";

    /// <summary>The id of the one call that made a volume or snapshot.</summary>
    public const string Request = "fe2:request";

    /// <summary>The name of a job, on what belongs to it.</summary>
    public const string Job = "fe2:job";

    /// <summary>Which of a job's data volumes a volume or snapshot is or is of: the id of the first volume that was it.</summary>
    public const string JobVolume = "fe2:job-volume";

    /// <summary>On a snapshot that was taken on a job's way from one machine to the next: the number of the machine.</summary>
    public const string SavedOf = "fe2:saved-of";

    /// <summary>Where a volume was mounted last.</summary>
    public const string MountPoint = "fe2:mount";
}
