using System.Diagnostics;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Bench;

/// <summary>Twenty machines ready for ssh: one launch of them all, and one after the other with the AWS CLI and a probe of the port.</summary>
internal static class LaunchMany
{
    private const int Machines = 20;
    private const int Rounds = 2;
    private const int SinglesPerRound = 2;
    private const string Row = "launch 20 machines, ready for ssh (against 20 times the median of 4 launches with aws ec2 run-instances)";

    public static Measurement Measurement { get; } = new([Row], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var (together, single) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var launched = await cloud.LaunchAsync($"many{round}", Machines, cancel).ConfigureAwait(false);
            together.Add(clock.Elapsed.TotalSeconds);
            var like = launched[0];
            await cloud.RemoveAsync(launched, cancel).ConfigureAwait(false);
            for (var i = 0; i < SinglesPerRound; i++)
                single.Add(await OneAsync(cloud, like, cancel).ConfigureAwait(false));
        }

        table.Ratio(Row, new Sample(together).Median, Machines * new Sample(single).Median, "s", 0.2);
    }

    /// <summary>The same machine with the AWS CLI: run, ask for the address until there is one, probe.</summary>
    private static async Task<double> OneAsync(LocalCloud cloud, Instance like, CancellationToken cancel)
    {
        var cli = new WholeProcess(cloud.Environment);
        var clock = Stopwatch.StartNew();
        var id = await AskAsync(
            "run-instances", "--image-id", like.ImageId, "--instance-type", like.InstanceType, "--key-name", like.KeyName,
            "--security-group-ids", like.SecurityGroups[0].GroupId, "--subnet-id", like.SubnetId, "--query", "Instances[0].InstanceId").ConfigureAwait(false);
        var address = "None";
        while (address == "None")
        {
            address = await AskAsync("describe-instances", "--filters", "Name=instance-id,Values=" + id,
                "--query", "Reservations[0].Instances[0].PublicIpAddress").ConfigureAwait(false);
        }

        using var turn = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await Greeting.ComesAsync(address, cancel).ConfigureAwait(false))
            await turn.WaitForNextTickAsync(cancel).ConfigureAwait(false);
        var seconds = clock.Elapsed.TotalSeconds;
        await cloud.RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(id, cancel).ConfigureAwait(false)], cancel).ConfigureAwait(false);
        return seconds;

        async Task<string> AskAsync(params string[] words)
        {
            var run = await cli.OneAsync(cloud.Aws([.. words, "--output", "text"]), cancel).ConfigureAwait(false);
            return run.Output.Trim();
        }
    }
}
