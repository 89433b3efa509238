namespace Fe2Ps.Core.Ssh;

/// <summary>One way of files: from a folder here to one there, or back. What is there already and equal does not travel again.</summary>
/// <param name="ToMachine">True from this computer to the machine.</param>
/// <param name="SourceFolder">The folder that holds what is copied; a relative one of the machine starts at the home folder, and an empty text is the home folder.</param>
/// <param name="TargetFolder">The folder that takes it; made when missing.</param>
public sealed record FileTransfer(bool ToMachine, string SourceFolder, string TargetFolder)
{
    /// <summary>The names in the source folder that are copied, files and whole folders; empty means all that is in it.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The name that a single file gets in the target folder, or null to keep its own.</summary>
    public string? NewName { get; init; }

    /// <summary>Whether what is there already is compared by its content instead of size and time.</summary>
    public bool ByContent { get; init; }

    /// <summary>A file of the target's end that is to be gone when all has arrived, or null. A transfer may leave it to the caller.</summary>
    public string? Mark { get; init; }

    /// <summary>A word that the work on the machine can be found by after its connection was cut, or null.</summary>
    public string? Track { get; init; }
}

/// <summary>What a transfer has done so far; kept up to date while it runs, also when it fails.</summary>
public sealed class TransferTally
{
    /// <summary>Regular files that belong to the copy; known at its end.</summary>
    public long Files { get; internal set; }

    /// <summary>Their size in bytes.</summary>
    public long Bytes { get; internal set; }

    /// <summary>Files that travelled; the others were there.</summary>
    public long FilesSent { get; internal set; }

    /// <summary>Bytes of content that travelled, before any packing; what a cut transfer had brought is not counted twice.</summary>
    public long BytesSent { get; internal set; }

    /// <summary>Files and folders that were still to be looked at when this was last heard of, or null where nobody knows.</summary>
    public long? Left { get; internal set; }

    /// <summary>Whether each file that travelled was compared by a checksum of the whole file on both ends.</summary>
    public bool IsChecked { get; internal set; }

    /// <summary>Links of the machine that lead out of what is copied, and were left out.</summary>
    public long LinksLeftOut { get; internal set; }

    /// <summary>Whether the mark of the transfer is gone.</summary>
    internal bool IsMarkGone { get; set; }

    /// <summary>The files that have arrived or were there, by their paths on the end that sends; empty where nobody says.</summary>
    internal HashSet<string> Arrived { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Looks for the files that have not arrived, or null where this end cannot know.</summary>
    internal Func<IEnumerable<string>>? Missing { get; set; }

    /// <summary>Adds another transfer of the same copy.</summary>
    internal void Add(TransferTally other)
    {
        Files += other.Files;
        Bytes += other.Bytes;
        FilesSent += other.FilesSent;
        BytesSent += other.BytesSent;
        Left = other.Left;
        IsChecked = other.IsChecked;
        LinksLeftOut += other.LinksLeftOut;
    }
}
