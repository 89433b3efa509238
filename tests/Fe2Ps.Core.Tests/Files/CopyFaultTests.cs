using Fe2Ps.Core.Files;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>Copies with what goes wrong in their middle.</summary>
public sealed class CopyFaultTests(HostedCopyFixture cloud) : IClassFixture<HostedCopyFixture>
{
    /// <summary>So much that it is still on its way when a fault that begins at a third has reached the machine: rsync reports once a second.</summary>
    private const int Megabytes = 600;

    [HostedFact]
    public async Task SendingGoesOnInTheMiddleOfAFileAfterTheNetworkWasGone()
    {
        var machine = await cloud.LaunchAsync("cut1");
        var big = cloud.Big(Megabytes);
        var report = new Moment(() => cloud.FaultAsync(new { kind = "cut", instance = "cut1" }), () => cloud.FaultAsync(new { kind = "join", instance = "cut1" }));
        var result = await cloud.Copy(report: report).SendAsync(machine, [CopyItem.Here(big)], false, "whole.bin");
        await report.Done;
        Assert.True(result.Attempts > 1);
        Assert.True(result.BytesSent < 1.7 * result.Bytes, $"{result.BytesSent} bytes travelled for {result.Bytes}");
        Assert.True(result.Checked);
        Assert.Equal(Sum(big), (await cloud.OnAsync(machine, "sha256sum whole.bin; ls -A")).ReplaceLineEndings(" ").Split(' ')[0]);
        Assert.DoesNotContain("fe2-partial", await cloud.OnAsync(machine, "ls -A; ls ~/.cache/fe2ps"));
    }

    [HostedFact]
    public async Task AwsThatCannotBeAskedEitherIsOneMoreTry()
    {
        var machine = await cloud.LaunchAsync("cut3");
        var big = cloud.Big(Megabytes);
        var failed = 0;
        Task cleared = Task.CompletedTask;
        using var http = new HttpClient();
        var report = new Moment(
            async () =>
            {
                // The network of this computer is gone: neither the machine nor AWS can be reached.
                await cloud.FaultAsync(new { kind = "reset", operation = "DescribeInstances" });
                await cloud.FaultAsync(new { kind = "cut", instance = "cut3" });
            },
            () => cloud.FaultAsync(new { kind = "join", instance = "cut3" }),
            _ =>
            {
                if (++failed == 2) cleared = http.DeleteAsync(new Uri(cloud.EndpointUrl + "/_sandbox/faults"));
            });
        var result = await cloud.Copy(report: report).SendAsync(machine, [CopyItem.Here(big)], false, "whole.bin");
        await report.Done;
        await cleared;
        Assert.True(result.Attempts > 2, $"{result.Attempts}");
        Assert.Equal(Sum(big), (await cloud.OnAsync(machine, "sha256sum whole.bin")).Split(' ')[0]);
    }

    [HostedFact]
    public async Task ReceivingGoesOnInTheMiddleOfAFileAfterTheNetworkWasGone()
    {
        var machine = await cloud.LaunchAsync("cut2");
        await cloud.OnAsync(machine, $"mkdir data; head -c {Megabytes}M /dev/urandom > data/big.bin; echo small > data/small");
        var here = Path.Combine(cloud.Folder(), "data");
        var report = new Moment(() => cloud.FaultAsync(new { kind = "cut", instance = "cut2" }), () => cloud.FaultAsync(new { kind = "join", instance = "cut2" }));
        var result = await cloud.Copy(report: report).ReceiveAsync(machine, ["data"], false, here);
        await report.Done;
        Assert.True(result.Attempts > 1);
        Assert.True(result.BytesSent < 1.7 * result.Bytes, $"{result.BytesSent} bytes travelled for {result.Bytes}");
        Assert.Equal((await cloud.OnAsync(machine, "sha256sum data/big.bin")).Split(' ')[0], Sum(Path.Combine(here, "big.bin")));
        Assert.Equal(["big.bin", "small"], Directory.GetFileSystemEntries(here).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [HostedFact]
    public async Task WhatIsMissingOfAMachinesFilesIsNamed()
    {
        var machine = await cloud.LaunchAsync("cut4");
        await cloud.OnAsync(machine, $"mkdir data; cd data; echo 1 > a; head -c {Megabytes}M /dev/urandom > big.bin; echo 2 > '늦은 one'; echo 3 > '늦은 two'");
        var report = new Moment(() => cloud.FaultAsync(new { kind = "cut", instance = "cut4" }), () => Task.CompletedTask);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Copy(report: report, options: new CopyOptions { Retries = 0 })
            .ReceiveAsync(machine, ["data"], false, Path.Combine(cloud.Folder(), "data")));
        await report.Done;
        Assert.Equal("CopyIncomplete", error.Id);
        Assert.Contains("3 files are missing or not yet compared ('data/big.bin', 'data/늦은 one', 'data/늦은 two')", error.Message, StringComparison.Ordinal);
    }

    [HostedFact]
    public async Task AMachineThatLosesItsPowerLeavesAnErrorThatSaysWhatIsMissingAndTheSameCommandFinishes()
    {
        var machine = await cloud.LaunchAsync("dark1");
        var source = Path.Combine(cloud.Folder(), "data");
        Directory.CreateDirectory(source);
        File.Move(cloud.Big(Megabytes), Path.Combine(source, "big.bin"));
        await File.WriteAllTextAsync(Path.Combine(source, "a"), "first");
        for (var i = 10; i < 22; i++)
            await File.WriteAllTextAsync(Path.Combine(source, $"late {i} 늦은"), "late");
        var report = new Moment(() => cloud.FaultAsync(new { kind = "kill", instance = "dark1" }), () => Task.CompletedTask);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Copy(report: report).SendAsync(machine, [CopyItem.Here(source)], false, "data"));
        await report.Done;
        Assert.Equal("CopyIncomplete", error.Id);
        Assert.Contains("missing or not yet compared", error.Message, StringComparison.Ordinal);
        Assert.Contains("dark1", error.Message, StringComparison.Ordinal);
        // The large file is there in part; the small ones behind it have not even begun.
        Assert.Contains($"13 files are missing or not yet compared ('{source}/big.bin', '{source}/late 10 늦은', ", error.Message, StringComparison.Ordinal);
        Assert.Contains("late 18 늦은' and 3 more).", error.Message, StringComparison.Ordinal);

        await new InstanceActions(cloud.Session).StartAsync([machine], default);
        await new InstanceWaiter(cloud.Session).WaitAsync([machine], "running", TimeSpan.FromSeconds(30), null, default);
        machine = await new InstanceQuery(cloud.Session).GetAsync("dark1");
        await cloud.Connector.WaitUntilReadyAsync(await new InstanceTargets(cloud.Session).ForAsync(machine), TimeSpan.FromSeconds(30));
        await cloud.Copy().SendAsync(machine, [CopyItem.Here(source)], false, "data");
        Assert.Equal($"{Sum(Path.Combine(source, "big.bin"))}  data/big.bin\n", await cloud.OnAsync(machine, "sha256sum data/big.bin"));
        Assert.Equal("a\nbig.bin\n", await cloud.OnAsync(machine, "ls data | grep -v late; ls data/data 2>/dev/null"));
    }

    [HostedFact]
    public async Task AFullDiskIsSaidWithOrWithoutRsync()
    {
        var machine = await cloud.LaunchAsync("full1");
        await cloud.OnAsync(machine, "fallocate -l $(($(df --output=avail -k ~ | tail -n 1) * 1024 - 20000000)) ~/filler");
        var big = cloud.Big(60);
        foreach (var rsync in new[] { true, false })
        {
            await using var connector = new SshConnector(cloud.Ssh() with { UseRsync = rsync });
            var error = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Copy(connector).SendAsync(machine, [CopyItem.Here(big)], false, "data/"));
            Assert.True(error.Id == "DiskFull", $"{rsync}: {error.Id}: {error.Message}");
            await cloud.OnAsync(machine, "rm -rf data");
        }
    }

    [HostedFact]
    public async Task CancellingReturnsAtOnceAndWhatArrivedIsKept()
    {
        using var stop = new CancellationTokenSource();
        var big = cloud.Big(Megabytes);
        var report = new Moment(() => stop.CancelAsync(), () => Task.CompletedTask);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cloud.Copy(report: report).SendAsync(cloud.Od1, [CopyItem.Here(big)], false, "stopped.bin", stop.Token));
        var result = await cloud.Copy().SendAsync(cloud.Od1, [CopyItem.Here(big)], false, "stopped.bin");
        Assert.Equal(Sum(big), (await cloud.OnAsync(cloud.Od1, "sha256sum stopped.bin")).Split(' ')[0]);
        Assert.Equal(1, result.Attempts);
    }

    [HostedFact]
    public async Task AFirstConnectionThatFailsIsAnErrorAtOnce()
    {
        await using var connector = new SshConnector(cloud.Ssh());
        var gone = await cloud.LaunchAsync("gone1");
        await cloud.FaultAsync(new { kind = "cut", instance = "gone1" });
        await cloud.Connector.CloseAsync(await new InstanceTargets(cloud.Session).ForAsync(gone));
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Copy(connector).SendAsync(gone, [CopyItem.Here(cloud.Big(1))], false, ""));
        Assert.Equal("SshUnreachable", error.Id);
    }

    private static string Sum(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));
    }

    /// <summary>Does something in the middle of a transfer, and something else when the cut is noticed.</summary>
    private sealed class Moment(Func<Task> middle, Func<Task> cut, Action<WarningReport>? warned = null) : IProgress<Fe2Report>
    {
        private readonly object _gate = new();
        private Task? _middle, _cut;

        public Task Done => Task.WhenAll(_middle ?? Task.CompletedTask, _cut ?? Task.CompletedTask);

        public void Report(Fe2Report value)
        {
            lock (_gate)
            {
                if (value is ProgressReport { Percent: >= 30 })
                    _middle ??= Task.Run(middle);
                if (value is WarningReport warning)
                {
                    _cut ??= Task.Run(cut);
                    warned?.Invoke(warning);
                }
            }
        }
    }
}
