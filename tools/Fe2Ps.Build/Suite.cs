using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Fe2Ps.Build;

/// <summary>What came of a suite.</summary>
/// <param name="Passed">How many tests passed.</param>
/// <param name="Failed">The tests that failed, or why the suite itself did.</param>
/// <param name="Skipped">The tests that were passed over, with their reasons.</param>
internal sealed record SuiteResult(int Passed, IReadOnlyList<string> Failed, IReadOnlyList<string> Skipped)
{
    public static SuiteResult Broken(string reason) => new(0, [reason], []);

    public static SuiteResult PassedOver(string reason) => new(0, [], [reason]);
}

/// <summary>Tests that run as one program, which can run beside others.</summary>
/// <param name="Name">How it is called.</param>
/// <param name="Run">Runs it and writes what it says.</param>
internal sealed partial record Suite(string Name, Func<TextWriter, SuiteResult> Run)
{
    /// <summary>A test project.</summary>
    public static Suite Project(Repository repository, string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        return new Suite(name, output =>
        {
            var results = Path.Combine(repository.TestResults, name);
            if (Directory.Exists(results)) Directory.Delete(results, recursive: true);
            var code = Shell.Run("dotnet", [
                "test", project, "-c", Repository.Configuration, "--no-build", "-nologo",
                "--blame-hang-timeout", "20m", "--blame-hang-dump-type", "none", "--logger", "console;verbosity=minimal", "--logger", "trx;LogFileName=results.trx", "--results-directory", results], output);
            var trx = Path.Combine(results, "results.trx");
            return File.Exists(trx) ? Read(name, code, trx) : SuiteResult.Broken($"{name}: the run ended with {code} and left no results.");
        });
    }

    /// <summary>What only a real PowerShell can show, on the packaged module.</summary>
    public static Suite Pester(Repository repository) => new("Pester", output =>
    {
        const string Needs = "the Pester suite: it needs pwsh 7.4 or newer with Pester 5 or newer on this machine";
        const string Probe = "if ($PSVersionTable.PSVersion -ge [version]'7.4' -and (Get-Module -ListAvailable Pester | Where-Object Version -ge '5.0')) { 'yes' }";
        if (Shell.Capture("pwsh", "-NoProfile", "-NonInteractive", "-Command", Probe) is not (0, var answer) || answer.Trim() != "yes")
            return SuiteResult.PassedOver(Needs);
        var results = Path.Combine(repository.TestResults, "pester.txt");
        Directory.CreateDirectory(repository.TestResults);
        File.Delete(results);
        var code = Shell.Run(
            "pwsh", ["-NoProfile", "-NonInteractive", "-File", repository.Path("tests", "Pester", "Run.ps1"), "-Module", repository.Module(), "-Summary", results], output);
        string[] lines = File.Exists(results) ? File.ReadAllLines(results) : [];
        if (lines is [] || Counts().Match(lines[0]) is not { Success: true } counts)
            return SuiteResult.Broken($"Pester: the run ended with {code} and left no counts.");
        var count = int.Parse(counts.Groups[2].Value);
        List<string> failed = [.. lines.Skip(1).Where(line => line.StartsWith("failed: ", StringComparison.Ordinal)).Select(line => "Pester: " + line[8..])];
        while (failed.Count < count) failed.Add("Pester: something that is named above");
        if (code != 0 && failed.Count == 0) failed.Add($"Pester: the run ended with {code}.");
        List<string> skipped = [.. lines.Skip(1).Where(line => line.StartsWith("skipped: ", StringComparison.Ordinal)).Select(line => "Pester: " + line[9..])];
        while (skipped.Count < int.Parse(counts.Groups[3].Value)) skipped.Add("Pester: a test, named above");
        return new SuiteResult(int.Parse(counts.Groups[1].Value), failed, skipped);
    });

    private static SuiteResult Read(string name, int code, string trx)
    {
        var passed = 0;
        List<string> failed = [], skipped = [];
        foreach (var result in XDocument.Load(trx).Descendants().Where(e => e.Name.LocalName == "UnitTestResult"))
        {
            var test = (string?)result.Attribute("testName");
            switch ((string?)result.Attribute("outcome"))
            {
                case "Passed": passed++; break;
                case "NotExecuted": skipped.Add($"{test}: {Reason(result)}"); break;
                default: failed.Add($"{test}"); break;
            }
        }

        // A crash of the test host can leave results in which nothing failed.
        if (code != 0 && failed.Count == 0) failed.Add($"{name}: the run ended with {code}, though no test failed.");
        return new SuiteResult(passed, failed, skipped);
    }

    private static string Reason(XElement result) =>
        result.Descendants().FirstOrDefault(e => e.Name.LocalName is "Message" or "StdOut")?.Value.Trim() ?? "no reason given";

    [GeneratedRegex(@"(\d+) passed, (\d+) failed, (\d+) skipped")]
    private static partial Regex Counts();
}
