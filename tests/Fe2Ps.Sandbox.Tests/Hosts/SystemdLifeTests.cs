using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>Hosts that systemd starts, as on the images that people use on EC2.</summary>
public sealed class SystemdLifeTests(FabricFixture fixture) : IClassFixture<FabricFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [SystemdFact]
    public async Task Systemd_starts_everything_and_logind_knows_who_is_there()
    {
        var spec = await fixture.StartAsync("#!/bin/sh\necho once >>/user-data-ran\n", systemd: true);

        await UntilUpAsync(spec);
        Assert.Equal("systemd", await fixture.SshAsync(spec, "cat /proc/1/comm"));
        Assert.Equal("running", await fixture.SshAsync(spec, "systemctl is-system-running"));
        Assert.Equal("active active active active", await fixture.SshAsync(spec, "echo $(systemctl is-active ssh cron dbus systemd-logind)"));
        Assert.Equal("/run/user/1000 ubuntu 0", await fixture.SshAsync(spec, "echo $XDG_RUNTIME_DIR $(loginctl --no-legend list-sessions | awk '{ print $3 }') $(sudo id -u)"));
        Assert.Equal($"{spec.HostName} once", await fixture.SshAsync(spec, "echo $(hostname) $(cat /user-data-ran)"));
        Assert.Equal("", await fixture.SshAsync(spec, "systemctl --failed --no-legend"));
        await fixture.Fabric.DestroyAsync(spec.InstanceId, None);
        Assert.Empty(Cgroups(spec));
    }

    [SystemdFact]
    public async Task It_restarts_stops_and_starts_with_its_disk_and_says_why_it_ended()
    {
        var spec = await fixture.StartAsync("#!/bin/sh\necho once >>/user-data-ran\n", systemd: true);
        await UntilUpAsync(spec);
        await fixture.SshAsync(spec, "printf '#!/bin/sh\\necho boot >>/boots\\n' | sudo tee /var/lib/cloud/scripts/per-boot/count && sudo chmod 755 /var/lib/cloud/scripts/per-boot/count");

        await fixture.Fabric.RebootAsync(spec.InstanceId, None);
        await UntilBootsAsync(spec, 1);
        await fixture.TrySshAsync(spec, "sudo reboot");
        await UntilBootsAsync(spec, 2);
        await fixture.Fabric.StopAsync(spec.InstanceId, force: false, None);
        Assert.Empty(Cgroups(spec));
        await fixture.Fabric.StartAsync(spec, None);
        await UntilBootsAsync(spec, 3);
        Assert.DoesNotContain(fixture.Exits, exit => exit.InstanceId == spec.InstanceId);
        Assert.Equal("once", await fixture.SshAsync(spec, "cat /user-data-ran"));

        await fixture.TrySshAsync(spec, "sudo shutdown -h now");
        await Deadline.UntilAsync(() => fixture.Exits.Contains(new HostExit(spec.InstanceId, HostExitReason.Shutdown)), "the exit is told");
        Assert.Empty(Cgroups(spec));
    }

    [SystemdFact]
    public async Task An_image_of_it_has_systemd_too_and_a_killed_one_leaves_nothing()
    {
        var origin = await fixture.StartAsync(systemd: true);
        await fixture.SshAsync(origin, "echo kept | sudo tee /note; sync");
        await fixture.Fabric.CreateSnapshotAsync("snap-systemd", origin.RootVolumeId, null, None);

        var copy = await fixture.StartAsync(rootSnapshotId: "snap-systemd");
        Assert.Equal("systemd kept", await fixture.SshAsync(copy, "echo $(cat /proc/1/comm) $(cat /note)"));
        await fixture.Fabric.KillAsync(copy.InstanceId, None);
        await Deadline.UntilAsync(() => fixture.Exits.Contains(new HostExit(copy.InstanceId, HostExitReason.Killed)), "the exit is told");
        Assert.Empty(Cgroups(copy));
    }

    private Task UntilUpAsync(HostSpec spec) =>
        Deadline.UntilAsync(async () => (await fixture.TrySshAsync(spec, "test -e /var/lib/cloud/instance/boot-finished && systemctl is-active multi-user.target")).Code == 0, "it has started");

    private Task UntilBootsAsync(HostSpec spec, int count) =>
        Deadline.UntilAsync(async () => (await fixture.TrySshAsync(spec, "wc -l </boots")).Output.Trim() == $"{count}", $"it has started {count} times");

    private IEnumerable<string> Cgroups(HostSpec spec) =>
        Directory.GetDirectories("/sys/fs/cgroup")
            .SelectMany(hierarchy => Directory.GetDirectories(hierarchy, $"fe2-{fixture.Fabric.Id}-{spec.InstanceId}*"));
}
