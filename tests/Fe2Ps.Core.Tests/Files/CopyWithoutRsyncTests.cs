using System.Runtime.Versioning;
using System.Security.Cryptography;
using Amazon.EC2.Model;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>Copies with a machine that has no rsync: large files by sftp, the others as one stream.</summary>
[SupportedOSPlatform("linux")]
public sealed class CopyWithoutRsyncTests(HostedCopyFixture cloud) : IClassFixture<HostedCopyFixture>
{
    private const int Megabytes = 200;

    [HostedFact]
    public async Task SendingGoesOnInTheMiddleOfALargeFile()
    {
        var machine = await PlainAsync("bare1");
        var source = cloud.Folder();
        var big = Path.Combine(source, "it's \"큰\" $x\nfile.bin");
        File.Move(cloud.Big(Megabytes), big);
        File.SetUnixFileMode(big, (UnixFileMode)0b111_101_000);
        await File.WriteAllTextAsync(Path.Combine(source, "small"), "small");

        var error = await CutAsync(machine, copy => copy.SendAsync(machine, [CopyItem.Here(source)], false, "data 곳"));
        Assert.Contains($"1 file is missing or not yet compared ('{big}')", error.Message, StringComparison.Ordinal);
        Assert.Equal("small\n", await cloud.OnAsync(machine, "cd 'data 곳'; ls | grep -v '큰' | grep -v file"));

        var result = await cloud.Copy().SendAsync(machine, [CopyItem.Here(source)], false, "data 곳");
        Assert.InRange(result.BytesSent, 1, (long)(0.9 * result.Bytes));
        Assert.True(result.Checked);
        Assert.Equal($"{Sum(big)}  -\n", await cloud.OnAsync(machine, "cd 'data 곳'; cat it* | sha256sum"));
        Assert.Equal("750\n", await cloud.OnAsync(machine, "cd 'data 곳'; stat -c %a it*"));
        // Nothing of the way is left, and the same command finds all of it there.
        Assert.Equal("2\n", await cloud.OnAsync(machine, "cd 'data 곳'; ls -A | grep -c -e small -e ^it; ls -d .fe2* 2>/dev/null"));
        Assert.Equal(0, (await SendAgainAsync()).FilesSent);
        // Another time alone, as the end of a cut connection may give it when it arrives at last.
        await cloud.OnAsync(machine, "cd 'data 곳'; touch it*");
        Assert.Equal((0, 0), await SendAgainAsync() is var again ? (again.FilesSent, again.BytesSent) : default);
        Assert.Equal(new DateTimeOffset(File.GetLastWriteTimeUtc(big)).ToUnixTimeSeconds() + "\n", await cloud.OnAsync(machine, "cd 'data 곳'; stat -c %Y it*"));
        // Another content of the same length is not taken for it.
        await cloud.OnAsync(machine, "cd 'data 곳'; printf other | dd of=\"$(echo it*)\" conv=notrunc 2>/dev/null");
        Assert.Equal(1, (await SendAgainAsync()).FilesSent);
        Assert.Equal($"{Sum(big)}  -\n", await cloud.OnAsync(machine, "cd 'data 곳'; cat it* | sha256sum"));

        Task<CopyResult> SendAgainAsync() => cloud.Copy().SendAsync(machine, [.. Directory.GetFiles(source).Select(CopyItem.Here)], true, "data 곳/");
    }

    [HostedFact]
    public async Task ReceivingGoesOnInTheMiddleOfALargeFile()
    {
        var machine = await PlainAsync("bare2");
        await cloud.OnAsync(machine, $"mkdir -p data/sub; cd data; head -c {Megabytes}M /dev/urandom > sub/\"큰 'f' \\\"q\\\".bin\"; echo small > small; chmod 640 sub/*");
        var here = Path.Combine(cloud.Folder(), "data");
        var error = await CutAsync(machine, copy => copy.ReceiveAsync(machine, ["data"], false, here));
        Assert.Contains("1 file is missing or not yet compared ('sub/큰 'f' \"q\".bin')", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(here, "sub", "큰 'f' \"q\".bin")));

        var result = await cloud.Copy().ReceiveAsync(machine, ["data"], false, here);
        Assert.InRange(result.BytesSent, 1, (long)(0.9 * result.Bytes));
        Assert.True(result.Checked);
        var file = Assert.Single(Directory.GetFiles(Path.Combine(here, "sub")));
        Assert.Equal((await cloud.OnAsync(machine, "cat data/sub/* | sha256sum")).Split(' ')[0], Sum(file));
        Assert.Equal((UnixFileMode)0b110_100_000, File.GetUnixFileMode(file));
        Assert.Equal(["small", "sub"], Directory.GetFileSystemEntries(here).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(0, (await cloud.Copy().ReceiveAsync(machine, ["data/*"], false, here)).FilesSent);
        var time = File.GetLastWriteTimeUtc(file);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
        Assert.Equal(0, (await cloud.Copy().ReceiveAsync(machine, ["data/*"], false, here)).FilesSent);
        Assert.Equal(time, File.GetLastWriteTimeUtc(file));
    }

    [HostedFact]
    public async Task WhatWaitsWithAnotherContentIsBegunAnew()
    {
        var machine = await PlainAsync("bare3");
        var big = cloud.Big(20);
        await CutAsync(machine, copy => copy.SendAsync(machine, [CopyItem.Here(big)], false, "one.bin"));
        await cloud.OnAsync(machine, "printf other | dd of=$(echo .fe2-partial/*) conv=notrunc 2>/dev/null");
        var result = await cloud.Copy().SendAsync(machine, [CopyItem.Here(big)], false, "one.bin");
        Assert.True(result.Checked);
        Assert.Equal(Sum(big), (await cloud.OnAsync(machine, "sha256sum one.bin")).Split(' ')[0]);
    }

    [HostedFact]
    public async Task AMachineWithoutSftpTakesLargeFilesAsAStream()
    {
        var machine = await PlainAsync("bare4");
        await cloud.OnAsync(machine, "sudo sed -i '/^Subsystem/d' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*; sudo pkill -HUP -o -x sshd");
        await cloud.Connector.CloseAsync(await new Fe2Ps.Core.Instances.InstanceTargets(cloud.Session).ForAsync(machine));
        var big = cloud.Big(6);
        var result = await cloud.Copy().SendAsync(machine, [CopyItem.Here(big)], false, "one.bin");
        Assert.Equal((1, true), (result.FilesSent, result.Checked));
        var back = Path.Combine(cloud.Folder(), "back");
        await cloud.Copy().ReceiveAsync(machine, ["one.bin"], false, back);
        Assert.Equal(Sum(big), Sum(back));
    }

    /// <summary>A machine that has no rsync.</summary>
    private async Task<Instance> PlainAsync(string name)
    {
        var machine = await cloud.LaunchAsync(name);
        await cloud.OnAsync(machine, "sudo rm -f /usr/bin/rsync /usr/local/bin/rsync");
        return machine;
    }

    /// <summary>A copy whose network goes in the middle, and that does not try again.</summary>
    private async Task<Fe2Exception> CutAsync(Instance machine, Func<FileCopy, Task<CopyResult>> copy)
    {
        var report = new Middle(() => cloud.FaultAsync(new { kind = "cut", instance = machine.InstanceId }));
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => copy(cloud.Copy(report: report, options: new CopyOptions { Retries = 0 })));
        Assert.Equal("CopyIncomplete", error.Id);
        await cloud.FaultAsync(new { kind = "join", instance = machine.InstanceId });
        await cloud.Connector.CloseAsync(await new Fe2Ps.Core.Instances.InstanceTargets(cloud.Session).ForAsync(machine));
        return error;
    }

    private static string Sum(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Does something in the middle of a transfer, which waits for it: so no transfer is over before.</summary>
    private sealed class Middle(Func<Task> act) : IProgress<Fe2Report>
    {
        private int _done;

        public void Report(Fe2Report value)
        {
            if (value is ProgressReport { Percent: >= 30 } progress && progress.Status.EndsWith(" bytes", StringComparison.Ordinal) && Interlocked.Exchange(ref _done, 1) == 0)
                Task.Run(act).GetAwaiter().GetResult();
        }
    }
}
