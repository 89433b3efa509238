using Fe2Ps.Build;

const string Usage = """
    Usage: build.sh TASK [ARGUMENTS]      (build.ps1 takes the same)

      build                          compiles everything
      test                           every test; ends with "N passed, N failed, N skipped"
      rehearse [SCRIPT] [OPTIONS]    the main job on a local EC2: no AWS account, no cost; --help lists the options
      sandbox [OPTIONS]              a local EC2 to try things on; --help lists the options
      bench [WORD...]                the measurements, each beside its peer; with words, the rows that have one in their name
      help                           makes en-US/, which Get-Help reads, from docs/
      package                        makes out/Fe2Ps/<version>, which Import-Module takes
    """;

if (args is not [var task, .. var rest])
{
    Console.Error.WriteLine(Usage);
    return 2;
}

var tasks = new Tasks(Repository.Find());
try
{
    switch (task)
    {
        case "build": tasks.Build(); return 0;
        case "test": return tasks.Test(rest);
        case "rehearse": return tasks.Rehearse(rest);
        case "sandbox": return tasks.Sandbox(rest);
        case "bench": return tasks.Bench(rest);
        case "help": tasks.Help(); return 0;
        case "package": tasks.Package(); return 0;
        case "--help" or "-h":
            Console.WriteLine(Usage);
            return 0;
        default:
            Console.Error.WriteLine($"build: there is no task '{task}'.\n\n{Usage}");
            return 2;
    }
}
catch (BuildException failure)
{
    Console.Error.WriteLine($"build: {failure.Message}");
    return failure.ExitCode;
}
