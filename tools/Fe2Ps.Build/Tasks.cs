namespace Fe2Ps.Build;

/// <summary>The tasks; each is whole in itself and does nothing twice.</summary>
internal sealed class Tasks(Repository repository)
{
    public void Build() =>
        Shell.Check("dotnet", "build", repository.Path("Fe2Ps.sln"), "-c", Repository.Configuration, "-v", "q", "-nologo");

    public void Package()
    {
        Help();
        Shell.Check("dotnet", "build", repository.Path("src", "Fe2Ps", "Fe2Ps.csproj"), "-c", Repository.Configuration, "-v", "q", "-nologo", "-t:Package");
    }

    public void Help() => BuildAndRun("Fe2Ps.Help", "src", [repository.Path("docs"), repository.Path("en-US")]);

    public int Rehearse(string[] arguments)
    {
        SystemPackages.EnsureForHosts();
        BuildProgram("Fe2Ps.Sandbox", "src");
        BuildProgram("Fe2Ps.Rehearsal", "src");
        string[] job = arguments is [] or ["-", ..] || arguments[0].StartsWith('-')
            ? [repository.Path("samples", "myscript.sh"), .. arguments]
            : arguments;
        return Shell.Run("dotnet", [repository.Program("Fe2Ps.Rehearsal"), .. job], environment: SandboxPath);
    }

    public int Sandbox(string[] arguments)
    {
        SystemPackages.EnsureForHosts();
        BuildProgram("Fe2Ps.Sandbox", "src");
        string[] line = arguments is [] || arguments[0].StartsWith("--") ? ["serve", .. arguments] : arguments;
        return Shell.Run("dotnet", [repository.Program("Fe2Ps.Sandbox"), .. line]);
    }

    public int Bench(string[] arguments)
    {
        SystemPackages.EnsureForTests();
        Package();
        BuildProgram("Fe2Ps.Sandbox", "src");
        BuildProgram("Fe2Ps.Bench", "bench");
        return Shell.Run("dotnet", [repository.Program("Fe2Ps.Bench", "bench"), .. arguments], environment: SandboxPath);
    }

    public int Test(string[] only)
    {
        SystemPackages.EnsureForTests();
        Build();
        Package();
        var tally = new TestRun(repository);
        tally.Format();
        foreach (var project in Directory.GetFiles(repository.Path("tests"), "*.Tests.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            if (only.Length == 0 || only.Any(word => project.Contains(word, StringComparison.OrdinalIgnoreCase))) tally.Project(project);
        if (only.Length == 0 || only.Contains("Pester", StringComparer.OrdinalIgnoreCase)) tally.Pester();
        return tally.Close();
    }

    private Dictionary<string, string?> SandboxPath => new() { ["FE2_SANDBOX"] = repository.Program("Fe2Ps.Sandbox") };

    private void BuildAndRun(string room, string folder, string[] arguments)
    {
        BuildProgram(room, folder);
        Shell.Check("dotnet", [repository.Program(room, folder), .. arguments]);
    }

    private void BuildProgram(string room, string folder) =>
        Shell.Check("dotnet", "build", repository.Path(folder, room, room + ".csproj"), "-c", Repository.Configuration, "-v", "q", "-nologo", "--tl:off", "-clp:ErrorsOnly;NoSummary");
}
