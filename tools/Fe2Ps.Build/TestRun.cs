using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Fe2Ps.Build;

/// <summary>Runs the suites one after the other and keeps count.</summary>
internal sealed partial class TestRun(Repository repository)
{
    private int passed;
    private int failed;
    private readonly List<string> skipped = [];

    /// <summary>The code's form counts as one test.</summary>
    public void Format()
    {
        Console.WriteLine("--- dotnet format");
        if (Shell.Run("dotnet", ["format", repository.Path("Fe2Ps.sln"), "--verify-no-changes", "--no-restore", "-v", "m"]) == 0) passed++;
        else
        {
            failed++;
            Console.WriteLine("dotnet format: the lines above differ; `dotnet format` mends them.");
        }
    }

    /// <summary>That en-US/ is what docs/ makes counts as one test.</summary>
    public void Help()
    {
        Console.WriteLine("--- en-US");
        var fresh = Path.Combine(repository.TestResults, "en-US");
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        var code = Shell.Run("dotnet", [repository.Program("Fe2Ps.Help"), repository.Path("docs"), fresh]);
        string[] stale = code != 0 ? ["docs"] : [.. Directory.GetFiles(fresh).Concat(Directory.Exists(repository.Path("en-US")) ? Directory.GetFiles(repository.Path("en-US")) : [])
            .Select(path => Path.GetFileName(path)).Distinct().Where(name => Text(fresh, name) != Text(repository.Path("en-US"), name))];
        if (stale.Length == 0) passed++;
        else
        {
            failed++;
            Console.WriteLine($"en-US is not what docs/ makes ({string.Join(", ", stale)}); './build.sh help' makes it anew.");
        }

        static string? Text(string folder, string name) =>
            File.Exists(Path.Combine(folder, name)) ? File.ReadAllText(Path.Combine(folder, name)) : null;
    }

    public void Project(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var results = Path.Combine(repository.TestResults, name);
        if (Directory.Exists(results)) Directory.Delete(results, recursive: true);
        Console.WriteLine($"--- {name}");
        var code = Shell.Run("dotnet", [
            "test", project, "-c", Repository.Configuration, "--no-build", "-nologo",
            "--blame-hang-timeout", "20m", "--blame-hang-dump-type", "none", "--logger", "console;verbosity=minimal", "--logger", "trx;LogFileName=results.trx", "--results-directory", results]);
        var trx = Path.Combine(results, "results.trx");
        if (!File.Exists(trx))
        {
            failed++;
            Console.WriteLine($"{name}: the run ended with {code} and left no results.");
            return;
        }

        var before = failed;
        foreach (var result in XDocument.Load(trx).Descendants().Where(e => e.Name.LocalName == "UnitTestResult"))
        {
            switch ((string?)result.Attribute("outcome"))
            {
                case "Passed": passed++; break;
                case "NotExecuted": skipped.Add($"{(string?)result.Attribute("testName")}: {Reason(result)}"); break;
                default: failed++; break;
            }
        }

        // A crash of the test host can leave results in which nothing failed.
        if (code != 0 && failed == before) failed++;
    }

    public void Pester()
    {
        Console.WriteLine("--- Pester");
        const string Needs = "the Pester suite: it needs pwsh 7.4 or newer with Pester 5 or newer on this machine";
        const string Probe = "if ($PSVersionTable.PSVersion -ge [version]'7.4' -and (Get-Module -ListAvailable Pester | Where-Object Version -ge '5.0')) { 'yes' }";
        if (Shell.Capture("pwsh", "-NoProfile", "-NonInteractive", "-Command", Probe) is not (0, var answer) || answer.Trim() != "yes")
        {
            skipped.Add(Needs);
            return;
        }

        var results = Path.Combine(repository.TestResults, "pester.txt");
        Directory.CreateDirectory(repository.TestResults);
        File.Delete(results);
        var code = Shell.Run("pwsh", ["-NoProfile", "-NonInteractive", "-File", repository.Path("tests", "Pester", "Run.ps1"), "-Module", repository.Module(), "-Summary", results]);
        if (File.Exists(results) && Counts().Match(File.ReadAllText(results)) is { Success: true } counts)
        {
            passed += int.Parse(counts.Groups[1].Value);
            failed += int.Parse(counts.Groups[2].Value);
            for (var i = int.Parse(counts.Groups[3].Value); i > 0; i--) skipped.Add("a Pester test, named above");
            if (code != 0 && counts.Groups[2].Value == "0") failed++;
        }
        else
        {
            failed++;
            Console.WriteLine($"Pester: the run ended with {code} and left no counts.");
        }
    }

    /// <summary>The run cannot go on; that counts as one failure.</summary>
    public void Broken(string reason)
    {
        failed++;
        Console.WriteLine($"The run ended before its time: {reason}");
    }

    public int Close()
    {
        Console.WriteLine();
        foreach (var reason in skipped) Console.WriteLine($"skipped: {reason}");
        Console.WriteLine($"{passed} passed, {failed} failed, {skipped.Count} skipped");
        return failed == 0 ? 0 : 1;
    }

    private static string Reason(XElement result) =>
        result.Descendants().FirstOrDefault(e => e.Name.LocalName is "Message" or "StdOut")?.Value.Trim() ?? "no reason given";

    [GeneratedRegex(@"(\d+) passed, (\d+) failed, (\d+) skipped")]
    private static partial Regex Counts();
}
