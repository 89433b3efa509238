using System.Diagnostics;

namespace Fe2Ps.Build;

/// <summary>Runs the suites and keeps count.</summary>
internal sealed class TestRun(Repository repository)
{
    /// <summary>Most of a suite's time is spent waiting for machines, so two of them share the processors well.</summary>
    private const int AtOnce = 2;

    private int _passed;
    private readonly List<string> _failed = [];
    private readonly List<string> _skipped = [];

    /// <summary>The code's form counts as one test.</summary>
    public void Format()
    {
        Console.WriteLine("--- dotnet format");
        if (Shell.Run("dotnet", ["format", repository.Path("Fe2Ps.sln"), "--verify-no-changes", "--no-restore", "-v", "m"]) == 0) _passed++;
        else _failed.Add("dotnet format: the lines above differ; `dotnet format` mends them.");
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
        if (stale.Length == 0) _passed++;
        else _failed.Add($"en-US is not what docs/ makes ({string.Join(", ", stale)}); './build.sh help' makes it anew.");

        static string? Text(string folder, string name) =>
            File.Exists(Path.Combine(folder, name)) ? File.ReadAllText(Path.Combine(folder, name)) : null;
    }

    /// <summary>Runs the suites, the first ones first. What each says is in a file while it runs, and is shown whole when it has ended.</summary>
    public void Suites(IEnumerable<Suite> suites)
    {
        Directory.CreateDirectory(repository.TestResults);
        Queue<Suite> waiting = new(suites);
        Exception? end = null;
        var lanes = Enumerable.Range(0, AtOnce).Select(_ => new Thread(Lane)).ToList();
        lanes.ForEach(lane => lane.Start());
        lanes.ForEach(lane => lane.Join());
        if (end is not null) throw new BuildException(end.Message, (end as BuildException)?.ExitCode ?? 1);

        string Log(Suite suite) => Path.Combine(repository.TestResults, suite.Name + ".log");

        void Lane()
        {
            while (true)
            {
                Suite suite;
                lock (waiting)
                {
                    if (end is not null || !waiting.TryDequeue(out suite!)) return;
                    Console.WriteLine($"--- {suite.Name} begins; {Log(suite)}");
                }

                var watch = Stopwatch.StartNew();
                SuiteResult? result = null;
                using (StreamWriter output = new(Log(suite)) { AutoFlush = true })
                {
                    try
                    {
                        result = suite.Run(output);
                    }
                    catch (Exception failure)
                    {
                        lock (waiting) end ??= failure;
                    }
                }

                lock (waiting)
                {
                    Console.Write(File.ReadAllText(Log(suite)));
                    if (result is null) return;
                    Console.WriteLine($"--- {suite.Name}: {result.Passed} passed, {result.Failed.Count} failed, {result.Skipped.Count} skipped in {watch.Elapsed.TotalSeconds:0} s");
                    _passed += result.Passed;
                    _failed.AddRange(result.Failed);
                    _skipped.AddRange(result.Skipped);
                }
            }
        }
    }

    /// <summary>The run cannot go on; that counts as one failure.</summary>
    public void Broken(string reason) => _failed.Add($"The run ended before its time: {reason}");

    public int Close()
    {
        Console.WriteLine();
        foreach (var reason in _skipped) Console.WriteLine($"skipped: {reason}");
        foreach (var test in _failed) Console.WriteLine($"failed: {test}");
        Console.WriteLine($"{_passed} passed, {_failed.Count} failed, {_skipped.Count} skipped");
        return _failed.Count == 0 ? 0 : 1;
    }
}
