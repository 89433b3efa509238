using System.Diagnostics;
using Amazon.EC2.Model;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Bench;

/// <summary>Copies to a machine beside rsync over ssh as one would type it; each to a folder that is not there yet, the two in turns.</summary>
internal static class CopyFiles
{
    private const string Many = "copy of 2,000 files of 10 KB to a machine, against rsync -a";
    private const string Large = "copy of a file of 1 GB to a machine, against rsync -a";
    // Making 2,000 files takes a file system that is writing back several times as long as one that rests: only many turns tell.
    private const int RoundsOfMany = 12;
    private const int RoundsOfLarge = 4;

    public static Measurement Measurement { get; } = new([Many, Large], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        Ground.NeedOnPath("rsync");
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var machines = await cloud.LaunchAsync("copy", 1, cancel).ConfigureAwait(false);
        var many = Directory.CreateDirectory(Path.Combine(ground.Folder, "many")).FullName;
        for (var i = 0; i < 2000; i++) await File.WriteAllBytesAsync(Path.Combine(many, $"file-{i}"), Noise(i, 10 * 1024), cancel).ConfigureAwait(false);
        var large = Directory.CreateDirectory(Path.Combine(ground.Folder, "large")).FullName;
        await using (var file = File.Create(Path.Combine(large, "file")))
        {
            for (var i = 0; i < 1024; i++) await file.WriteAsync(Noise(i, 1 << 20), cancel).ConfigureAwait(false);
        }

        await CompareAsync(cloud, machines[0], many, Many, RoundsOfMany, table, cancel).ConfigureAwait(false);
        await CompareAsync(cloud, machines[0], large, Large, RoundsOfLarge, table, cancel).ConfigureAwait(false);
        await cloud.RemoveAsync(machines, cancel).ConfigureAwait(false);
    }

    private static async Task CompareAsync(LocalCloud cloud, Instance machine, string folder, string row, int rounds, Table table, CancellationToken cancel)
    {
        var target = await new InstanceTargets(cloud.Session).ForAsync(machine, cancellationToken: cancel).ConfigureAwait(false);
        var copy = new FileCopy(cloud.Session, cloud.Ssh, new CopyOptions { Recurse = true });
        List<double> ours = [], theirs = [];
        for (var round = 0; round < rounds; round++)
        {
            // Who comes first in a round finds the files in memory; so they take turns at that too.
            foreach (bool isOurs in round % 2 == 0 ? [true, false] : new[] { false, true })
            {
                await CleanAsync(cloud, target, cancel).ConfigureAwait(false);
                // rsync typed by hand makes its own connection; so does this.
                await cloud.Ssh.CloseAsync(target, cancel).ConfigureAwait(false);
                var clock = Stopwatch.StartNew();
                if (isOurs) await SendAsync(copy, machine, folder, cancel).ConfigureAwait(false);
                else await RsyncAsync(target, folder, cloud, cancel).ConfigureAwait(false);
                (isOurs ? ours : theirs).Add(clock.Elapsed.TotalSeconds);
            }
        }

        await CleanAsync(cloud, target, cancel).ConfigureAwait(false);
        table.Ratio(row, new Sample(ours).Median, new Sample(theirs).Median, "s", 1.1);
    }

    private static async Task SendAsync(FileCopy copy, Instance machine, string folder, CancellationToken cancel)
    {
        var result = await copy.SendAsync(machine, [CopyItem.Here(folder)], false, "bench/ours", cancel).ConfigureAwait(false);
        if (!result.Checked || result.Attempts != 1) throw new InvalidOperationException($"the copy was not whole: {result}");
    }

    private static async Task CleanAsync(LocalCloud cloud, SshTarget target, CancellationToken cancel)
    {
        await using var session = await cloud.Ssh.OpenAsync(target, cancel).ConfigureAwait(false);
        await session.RunAsync("rm -rf bench; mkdir bench; sync", null, cancel).ConfigureAwait(false);
    }

    private static async Task RsyncAsync(SshTarget target, string folder, LocalCloud cloud, CancellationToken cancel)
    {
        // rsync takes the command as one text, in which quotes hold a word together.
        var ssh = string.Join(' ', PlainSsh.Login("ssh", target, cloud.Ssh.KnownHosts.FilePath).Select(word => $"'{word}'"));
        var start = new ProcessStartInfo("rsync", ["-a", "-e", ssh, folder + "/", $"{target.User}@{target.Address}:bench/theirs/"]);
        foreach (var (name, value) in cloud.Environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancel).ConfigureAwait(false);
        if (process.ExitCode != 0) throw new InvalidOperationException($"rsync ended with {process.ExitCode}");
    }

    private static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
