namespace Fe2Ps.Build;

/// <summary>The tasks; each is whole in itself and does nothing twice.</summary>
internal sealed class Tasks(Repository repository)
{
    public void Build() =>
        BuildQuietly(repository.Path("Fe2Ps.sln"));

    public void Package()
    {
        // Of another branch or version nothing stays that could be tested or imported by mistake.
        if (Directory.Exists(repository.Path("out", "Fe2Ps"))) Directory.Delete(repository.Path("out", "Fe2Ps"), recursive: true);
        BuildQuietly(repository.Path("src", "Fe2Ps", "Fe2Ps.csproj"), "-t:Package");
    }

    public void Help()
    {
        BuildProgram("Fe2Ps.Help", "src");
        Shell.Check("dotnet", repository.Program("Fe2Ps.Help"), repository.Path("docs"), repository.Path("en-US"));
    }

    public int Rehearse(string[] arguments)
    {
        SystemPackages.EnsureForHosts();
        BuildProgram("Fe2Ps.Sandbox", "src");
        BuildProgram("Fe2Ps.Rehearsal", "src");
        string[] job = arguments is [] or ["-", ..] || arguments[0].StartsWith('-')
            ? [repository.Path("samples", arguments.Contains("--interrupt-after") ? "resume.sh" : "myscript.sh"), .. arguments]
            : arguments;
        var code = Root.Run(["dotnet", repository.Program("Fe2Ps.Rehearsal"), .. job], SandboxPath);
        var keep = Array.IndexOf(job, "--keep");
        if (keep >= 0 && keep + 1 < job.Length) Root.GiveBack(Path.GetFullPath(job[keep + 1]));
        return code;
    }

    public int Sandbox(string[] arguments)
    {
        SystemPackages.EnsureForHosts();
        BuildProgram("Fe2Ps.Sandbox", "src");
        string[] line = arguments is [] || arguments[0].StartsWith("--") ? ["serve", .. arguments] : arguments;
        return Root.Run(["dotnet", repository.Program("Fe2Ps.Sandbox"), .. line]);
    }

    public int Bench(string[] arguments)
    {
        SystemPackages.EnsureForTests();
        Package();
        BuildProgram("Fe2Ps.Sandbox", "src");
        BuildProgram("Fe2Ps.Bench", "bench");
        Dictionary<string, string?> parts = new(SandboxPath) { ["FE2_MODULE"] = repository.Module() };
        return Shell.Run("dotnet", [repository.Program("Fe2Ps.Bench", "bench"), .. arguments], environment: parts);
    }

    public int Test(string[] only)
    {
        var tally = new TestRun(repository);
        try
        {
            SystemPackages.EnsureForTests();
            Build();
            Package();
            tally.Format();
            tally.Help();
            tally.Suites(Suites().Where(suite => only.Length == 0 || only.Any(word => suite.Name.Contains(word, StringComparison.OrdinalIgnoreCase))));
        }
        catch (Exception failure) when (failure is BuildException { ExitCode: not Shell.Interrupted } or IOException or System.Xml.XmlException or UnauthorizedAccessException)
        {
            tally.Broken(failure.Message);
        }

        return tally.Close();
    }

    /// <summary>Every suite, those that take longest first, so that the others fill the time beside them.</summary>
    private IEnumerable<Suite> Suites()
    {
        string[] longest = ["Fe2Ps.Core.Tests", "Pester", "Fe2Ps.Sandbox.Tests", "Fe2Ps.Rehearsal.Tests"];
        return Directory.GetFiles(repository.Path("tests"), "*.Tests.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(project => Suite.Project(repository, project)).Append(Suite.Pester(repository))
            .OrderBy(suite => Array.IndexOf(longest, suite.Name) is >= 0 and var place ? place : longest.Length);
    }

    private Dictionary<string, string?> SandboxPath => new() { ["FE2_SANDBOX"] = repository.Program("Fe2Ps.Sandbox") };

    private void BuildProgram(string room, string folder) => BuildQuietly(repository.Path(folder, room, room + ".csproj"));

    /// <summary>A build is worth reading only when it fails.</summary>
    private static void BuildQuietly(string project, params string[] more)
    {
        string[] arguments = ["build", project, "-c", Repository.Configuration, "-v", "q", "-nologo", "--tl:off", .. more];
        if (Shell.Capture("dotnet", arguments) is not { } built) throw new BuildException("dotnet cannot be started; is the .NET 10 SDK on PATH?");
        if (built.ExitCode == 0) return;
        Console.Error.WriteLine(built.Output);
        throw new BuildException($"'dotnet {string.Join(' ', arguments)}' ended with {built.ExitCode}", built.ExitCode);
    }
}
