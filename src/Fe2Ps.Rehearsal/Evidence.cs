namespace Fe2Ps.Rehearsal;

/// <summary>Compares what a machine had written with what arrived: every file, byte by byte.</summary>
internal static class Evidence
{
    /// <summary>The tool's own facts of a job; they differ between the machines by design. What the script printed is among them and is compared.</summary>
    private const string Facts = ".fe2";
    private static readonly string Printed = Path.Combine(Facts, "output.log");

    /// <returns>The number of files and bytes that are equal, and one line for each that is not.</returns>
    public static (int Files, long Bytes, IReadOnlyList<string> Differences) Compare(string written, string arrived)
    {
        var differences = new List<string>();
        var files = 0;
        var bytes = 0L;
        foreach (var name in Names(written))
        {
            var (original, copy) = (Path.Combine(written, name), Path.Combine(arrived, name));
            if (!File.Exists(copy)) differences.Add($"{name} is missing");
            else if (FirstDifference(original, copy) is { } at) differences.Add($"{name} differs at byte {at}");
            else
            {
                files++;
                bytes += new FileInfo(original).Length;
            }
        }

        return (files, bytes, differences);
    }

    private static IEnumerable<string> Names(string folder)
    {
        // Links are the script's own and may lead anywhere; what they lead to inside the folder is compared by itself.
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return Directory.EnumerateFiles(folder, "*", options)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(name => name == Printed || !name.StartsWith(Facts + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    private static long? FirstDifference(string one, string other)
    {
        using var a = new BufferedStream(File.OpenRead(one), 1 << 16);
        using var b = new BufferedStream(File.OpenRead(other), 1 << 16);
        for (var at = 0L; ; at++)
        {
            var (left, right) = (a.ReadByte(), b.ReadByte());
            if (left != right) return at;
            if (left < 0) return null;
        }
    }
}
