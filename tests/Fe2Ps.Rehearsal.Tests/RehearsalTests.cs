using Fe2Ps.Tests.Support;

namespace Fe2Ps.Rehearsal.Tests;

public sealed class RehearsalTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fe2-scripts-");

    [HostsFact]
    public async Task The_main_job_ends_with_every_byte_on_the_monitor_and_leaves_nothing()
    {
        var script = Script("my script.sh", """
            #!/bin/sh
            echo "시작 in $FE2_DIR"
            mkdir -p "$FE2_DIR/deep folder/\$odd"
            head -c 3000000 /dev/urandom > "$FE2_DIR/deep folder/\$odd/it's random"
            ln -s nowhere "$FE2_DIR/a link"
            printf 'the last line, without an end'
            """);
        var keep = Path.Combine(folder.FullName, "results");
        using var rehearsal = new RehearsalProcess(script, "--quick", "--keep", keep);
        await rehearsal.SaysAsync("launch spot2");
        var id = Traces.IdOf(rehearsal.Temporary);

        Assert.True(await rehearsal.EndAsync() == 0, rehearsal.Output);

        Assert.Contains("spot2 | 시작 in /home/ubuntu/fastec2/spot2", rehearsal.Output, StringComparison.Ordinal);
        Assert.Contains("spot2 | the last line, without an end", rehearsal.Output, StringComparison.Ordinal);
        Assert.Contains("Every byte that spot2 wrote was on od1. Nothing is left.", rehearsal.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("left: ", rehearsal.Output, StringComparison.Ordinal);
        Assert.Equal(3000000, new FileInfo(Path.Combine(keep, "deep folder/$odd/it's random")).Length);
        Assert.EndsWith("the last line, without an end", await File.ReadAllTextAsync(Path.Combine(keep, ".fe2/output.log")), StringComparison.Ordinal);
        Assert.Equal("", Traces.Of(id, rehearsal.Temporary));
        Assert.Empty(rehearsal.Temporary.EnumerateFileSystemInfos());
    }

    [HostsFact]
    public async Task A_script_that_fails_is_told_by_the_exit_code()
    {
        using var rehearsal = new RehearsalProcess(Script("bad.sh", "#!/bin/sh\necho saved > \"$FE2_DIR/saved\"\nexit 3\n"), "--quick");

        Assert.Equal(1, await rehearsal.EndAsync());

        Assert.True(rehearsal.Output.Contains("bad.sh ended with 3", StringComparison.Ordinal), rehearsal.Output);
        Assert.Contains("Every byte that spot2 wrote was on od1.", rehearsal.Output, StringComparison.Ordinal);
    }

    [HostsFact]
    public async Task A_machine_that_is_taken_away_is_replaced_and_nothing_is_lost()
    {
        var keep = Path.Combine(folder.FullName, "resumed");
        using var rehearsal = new RehearsalProcess(
            Script("resume.sh", """
                #!/usr/bin/env bash
                for n in $(seq 1 20); do [ -e $n ] || { sleep 0.5; echo "$FE2_ATTEMPT" > $n; }; done
                """),
            "--quick", "--interrupt-after", "3", "--keep", keep);

        Assert.True(await rehearsal.EndAsync(200) == 0, rehearsal.Output);

        Assert.Contains("EC2 announces", rehearsal.Output, StringComparison.Ordinal);
        Assert.Contains("the script runs again", rehearsal.Output, StringComparison.Ordinal);
        Assert.Contains("Every byte that spot2 wrote was on od1. Nothing is left.", rehearsal.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("left: ", rehearsal.Output, StringComparison.Ordinal);
        var machines = Enumerable.Range(1, 20).Select(n => File.ReadAllText(Path.Combine(keep, $"{n}")).Trim()).ToList();
        Assert.Equal(["1", "2"], machines.Distinct());
    }

    [HostsFact]
    public async Task Interrupted_in_the_middle_it_leaves_nothing_behind()
    {
        using var rehearsal = new RehearsalProcess(Script("long.sh", "#!/bin/sh\necho begun\nexec sleep 600\n"), "--quick");
        await rehearsal.SaysAsync("spot2 | begun");
        var id = Traces.IdOf(rehearsal.Temporary);
        Assert.NotEqual("", Traces.Of(id, rehearsal.Temporary));

        rehearsal.Interrupt();

        Assert.Equal(130, await rehearsal.EndAsync(20));
        await Until.TrueAsync(() => Traces.Of(id, rehearsal.Temporary) == "", $"nothing is left but:\n{Traces.Of(id, rehearsal.Temporary)}", 10);
        Assert.Empty(rehearsal.Temporary.EnumerateFileSystemInfos());
    }

    [HostsFact]
    public async Task What_a_crashed_sandbox_leaves_is_gone_when_the_next_one_has_started()
    {
        using var rehearsal = new RehearsalProcess(Script("long.sh", "#!/bin/sh\necho begun\nexec sleep 600\n"), "--quick");
        await rehearsal.SaysAsync("spot2 | begun");
        var id = Traces.IdOf(rehearsal.Temporary);

        Traces.Run("kill", "-KILL", rehearsal.SandboxId());
        rehearsal.Interrupt();
        await rehearsal.EndAsync(30);
        using var next = new RehearsalProcess(Script("next.sh", "#!/bin/sh\ntrue\n"), "--quick");

        Assert.True(await next.EndAsync() == 0, next.Output);
        Assert.Equal("", Traces.Of(id, rehearsal.Temporary));
    }

    [Fact]
    public void Bad_input_is_refused_before_anything_starts()
    {
        var full = folder.CreateSubdirectory("full");
        File.WriteAllText(Path.Combine(full.FullName, "mine"), "");
        var script = Script("a.sh", "#!/bin/sh\n");

        Assert.Contains("'nowhere.sh'", Refusal("nowhere.sh"), StringComparison.Ordinal);
        Assert.Contains("'--kep'", Refusal(script, "--kep"), StringComparison.Ordinal);
        Assert.Contains("needs a folder", Refusal(script, "--keep"), StringComparison.Ordinal);
        Assert.Contains("not empty", Refusal(script, "--keep", full.FullName), StringComparison.Ordinal);
        Assert.Contains("one script", Refusal(script, script), StringComparison.Ordinal);
        Assert.Null(RehearsalOptions.Read([script, "--help"]));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static string Refusal(params string[] arguments) => Assert.Throws<FormatException>(() => RehearsalOptions.Read(arguments)).Message;

    private string Script(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
