namespace Fe2Ps.Bench;

/// <summary>What a user waits for in a fresh pwsh: the packaged module, and its first answer.</summary>
internal static class ModuleImport
{
    private const int Instances = 5;
    private const int Runs = 11;
    private const string First = "Import-Module and first Get-Fe2Instance, above an empty pwsh (against aws ec2 describe-instances, whole process)";
    private const string Alone = "Import-Module alone, above an empty pwsh";

    public static Measurement Measurement { get; } = new([First, Alone], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var pwsh = Ground.NeedOnPath(OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh");
        var import = $"Import-Module '{Path.Combine(PackagedModule.Folder, "Fe2Ps.psd1").Replace("'", "''", StringComparison.Ordinal)}'";
        await using var cloud = await ground.ApiAsync(cancel).ConfigureAwait(false);
        await cloud.SeedAsync(Instances, cancel).ConfigureAwait(false);
        var runs = await new WholeProcess(cloud.Environment).InTurnAsync(
            Runs, cancel,
            Shell("1"), Shell(import), Shell($"{import}; Get-Fe2Instance"), cloud.Aws("describe-instances")).ConfigureAwait(false);
        if (!runs[2][0].Output.Contains("seed-5", StringComparison.Ordinal))
            throw new InvalidOperationException($"Get-Fe2Instance did not list the instances, it wrote: {runs[2][0].Output}");

        table.Ratio(First, Above(runs[2], runs[0]), Sample.Of(runs[3], run => run.Seconds).Median, "s", 0.8);
        table.Limit(Alone, Above(runs[1], runs[0]), "s", 0.1);

        string[] Shell(string command) => [pwsh, "-NoProfile", "-NonInteractive", "-Command", command];
    }

    /// <summary>The median of the differences between runs that were neighbours.</summary>
    private static double Above(Run[] runs, Run[] empty) => new Sample(runs.Zip(empty, (run, bare) => run.Seconds - bare.Seconds)).Median;
}
