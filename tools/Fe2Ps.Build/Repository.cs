namespace Fe2Ps.Build;

/// <summary>Where things are in this checkout.</summary>
internal sealed class Repository(string root)
{
    public const string Configuration = "Release";

    public string Root { get; } = root;

    public string Out => System.IO.Path.Combine(Root, "out");

    public string TestResults => System.IO.Path.Combine(Out, "test");

    public static Repository Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Fe2Ps.sln"))) return new Repository(folder.FullName);
        throw new BuildException($"no Fe2Ps.sln above '{AppContext.BaseDirectory}'; run build.sh from a checkout");
    }

    public string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>The dll of one of the programs under src/, tools/ or bench/.</summary>
    public string Program(string room, string folder = "src") =>
        Path(folder, room, "bin", Configuration, "net10.0", room + ".dll");

    /// <summary>The folder of the packaged module.</summary>
    public string Module() =>
        (Directory.Exists(System.IO.Path.Combine(Out, "Fe2Ps")) ? Directory.GetDirectories(System.IO.Path.Combine(Out, "Fe2Ps")) : [])
            .Order(StringComparer.Ordinal).LastOrDefault()
        ?? throw new BuildException("out/Fe2Ps is empty; './build.sh package' makes the module");
}
