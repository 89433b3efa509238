using System.Globalization;

namespace Fe2Ps.Bench;

/// <summary>What a user waits for after Tab in a fresh pwsh with the packaged module.</summary>
internal static class TabAnswer
{
    private const int Instances = 1000;
    private const int Runs = 7;
    private const string Cold = "Tab on 1,000 instances, the first one with an empty cache";
    private const string Warm = "Tab on 1,000 instances, each later one";

    public static Measurement Measurement { get; } = new([Cold, Warm], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var pwsh = Ground.NeedOnPath(OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh");
        await using var cloud = await ground.ApiAsync(cancel).ConfigureAwait(false);
        await cloud.SeedAsync(Instances, cancel).ConfigureAwait(false);
        // Milliseconds and number of answers, the first Tab and the median of the next ones.
        var script = $$"""
            $ErrorActionPreference = 'Stop'
            Import-Module '{{Path.Combine(PackagedModule.Folder, "Fe2Ps.psd1").Replace("'", "''", StringComparison.Ordinal)}}'
            $line = 'Stop-Fe2Instance seed-'
            $tab = { $clock = [System.Diagnostics.Stopwatch]::StartNew(); $found = (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches.Count; $clock.Elapsed.TotalMilliseconds; $found }
            $cold = & $tab
            $warm = 1..11 | ForEach-Object { (& $tab)[0] } | Sort-Object
            [string]::Join(' ', $cold[0].ToString([cultureinfo]::InvariantCulture), $cold[1], $warm[5].ToString([cultureinfo]::InvariantCulture), (& $tab)[1])
            """;
        var (first, later) = (new List<double>(), new List<double>());
        for (var run = 0; run <= Runs; run++)
        {
            var fresh = new WholeProcess(new Dictionary<string, string>(cloud.Environment) { ["FE2_HOME"] = Path.Combine(ground.Folder, $"tab-{run}") });
            var output = (await fresh.OneAsync([pwsh, "-NoProfile", "-NonInteractive", "-Command", script], cancel).ConfigureAwait(false)).Output;
            var numbers = output.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            // The sandbox answers its first question in its life slowly, too late for a Tab.
            if (run == 0) continue;
            if (numbers is not [var cold, Instances, var warm, Instances])
                throw new InvalidOperationException($"Tab did not offer {Instances} names at once (milliseconds, names, milliseconds, names): {output.Trim()}");
            first.Add(cold / 1000);
            later.Add(warm / 1000);
        }

        table.Limit(Cold, new Sample(first).Median, "s", 0.4);
        table.Limit(Warm, new Sample(later).Median, "s", 0.02);
    }
}
