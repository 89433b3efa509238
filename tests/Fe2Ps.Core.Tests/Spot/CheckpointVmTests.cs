using System.Diagnostics;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// The memory of a script, kept on one machine and brought back on another one: the project's own job scripts and Debian's own kernel and
/// CRIU, in two virtual machines after each other.
/// </summary>
public sealed class CheckpointVmTests
{
    [VmFact]
    public async Task WhatAScriptKnewIsThereOnTheNextMachine()
    {
        var parts = Path.Combine(AppContext.BaseDirectory, "Spot", "Vm");
        var folder = Directory.CreateTempSubdirectory("fe2-vm-");
        try
        {
            var vm = Path.Combine(folder.FullName, "vm");
            await RunAsync("sh", Path.Combine(parts, "make-vm.sh"), vm);
            var disk = Path.Combine(folder.FullName, "disk");
            await using (var file = File.Create(disk))
                file.SetLength(200 << 20);
            var first = await BootAsync(parts, folder, vm, disk, 1);
            Assert.Contains("VM 1: checkpoint: 0", first, StringComparison.Ordinal);
            Assert.Contains("VM 1: killed after line", first, StringComparison.Ordinal);

            var second = await BootAsync(parts, folder, vm, disk, 2);
            // One beginning, on the first machine; every line once and in order, with what only its memory knew.
            Assert.Contains("VM 2: begins 1, exit code 7, set aside: new", second, StringComparison.Ordinal);
            Assert.Matches(@"VM 2: lines [1-9]\d+, in order yes, secrets 1\b", second);
            Assert.Matches(@"VM 2: held open [1-9]\d+, output: the end of \d+", second);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> BootAsync(string parts, DirectoryInfo folder, string vm, string disk, int number)
    {
        var part = Directory.CreateDirectory(Path.Combine(folder.FullName, $"part{number}"));
        File.Copy(Path.Combine(parts, "main"), Path.Combine(part.FullName, "main"));
        await File.WriteAllTextAsync(Path.Combine(part.FullName, "here"), $"{number}\n");
        var remote = Directory.CreateDirectory(Path.Combine(part.FullName, "remote"));
        foreach (var script in Directory.GetFiles(Path.Combine(parts, "remote")))
            File.Copy(script, Path.Combine(remote.FullName, Path.GetFileName(script)));
        return await RunAsync("sh", Path.Combine(parts, "run-vm.sh"), vm, part.FullName, disk);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        var text = await output;
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)}: {process.ExitCode}\n{text}\n{error}");
        return text;
    }
}
