using System.Diagnostics;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>From boot to power off, as an owner sees it.</summary>
public sealed class ContainerLifeTests(FabricFixture fixture) : IClassFixture<FabricFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [ContainerFact]
    public async Task A_started_host_lets_its_owner_in_and_his_sudo_work()
    {
        var spec = await fixture.StartAsync();

        Assert.Equal($"ubuntu {spec.HostName} /home/ubuntu C.UTF-8", await fixture.SshAsync(spec, "echo $(id -un) $(hostname) $HOME $LANG"));
        Assert.Equal("0", await fixture.SshAsync(spec, "sudo id -u"));
        Assert.Equal("ok", await fixture.SshAsync(spec, "for p in tmux lsyncd rsync python3 mkfs.ext4 mkfs.xfs; do sudo which $p >/dev/null || echo no $p; done; echo ok"));
        await fixture.Fabric.DestroyAsync(spec.InstanceId, None);
        Assert.NotEqual(0, (await fixture.TrySshAsync(spec, "true")).Code);
    }

    [ContainerFact]
    public async Task The_console_names_the_host_key_that_ssh_presents()
    {
        var spec = await fixture.StartAsync();

        var presented = await Commands.RunAsync("ssh-keyscan", ["-t", "ed25519", spec.PublicAddress!.ToString()], None);
        var fingerprint = (await Commands.RunAsync("ssh-keygen", ["-l", "-f", "-"], None, presented)).Split(' ')[1];
        var console = fixture.Fabric.ConsoleOutput(spec.InstanceId);

        Assert.Contains("-----BEGIN SSH HOST KEY FINGERPRINTS-----\n256 " + fingerprint + " root@" + spec.HostName + " (ED25519)\n", console, StringComparison.Ordinal);
    }

    [ContainerFact]
    public async Task Nothing_of_this_machine_is_visible_inside()
    {
        var mark = Path.Combine(fixture.Folder, "mark-of-the-machine");
        await File.WriteAllTextAsync(mark, "x");
        var spec = await fixture.StartAsync();

        Assert.Equal("", await fixture.SshAsync(spec, $"sudo find / -xdev -name {Path.GetFileName(mark)}; ls -d /work /root/.* 2>/dev/null | grep -v -E '/(\\.|\\.\\.|\\.bashrc|\\.profile)$' || true"));
        Assert.Equal("", await fixture.SshAsync(spec, "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep [d]otnet; done || true"));
        Assert.Contains("Operation not permitted", await fixture.SshAsync(spec, "sudo mknod /tmp/disk b 254 0 2>&1 || true"), StringComparison.Ordinal);
    }

    [ContainerFact]
    public async Task Shut_down_from_inside_ends_the_host_and_says_so()
    {
        var spec = await fixture.StartAsync();

        await fixture.TrySshAsync(spec, "sudo shutdown -h now");

        await Deadline.UntilAsync(() => fixture.Exits.Contains(new HostExit(spec.InstanceId, HostExitReason.Shutdown)), "the exit is told");
        Assert.EndsWith("reboot: Power down\n", fixture.Fabric.ConsoleOutput(spec.InstanceId), StringComparison.Ordinal);
    }

    [ContainerFact]
    public async Task Only_root_may_end_the_host_and_a_planned_end_can_be_cancelled()
    {
        var spec = await fixture.StartAsync();

        Assert.Contains("must be superuser", (await fixture.TrySshAsync(spec, "systemctl poweroff")).Error, StringComparison.Ordinal);
        Assert.Contains("Shutdown scheduled", await fixture.SshAsync(spec, "sudo shutdown -h +1"), StringComparison.Ordinal);
        await fixture.SshAsync(spec, "sudo shutdown -c && ! pgrep -f '[s]leep 60'");
        await fixture.TrySshAsync(spec, "sudo systemctl poweroff");

        await Deadline.UntilAsync(() => fixture.Exits.Contains(new HostExit(spec.InstanceId, HostExitReason.Shutdown)), "the exit is told");
    }

    [ContainerFact]
    public async Task Stop_and_start_keep_the_disk_and_the_host_key_and_processes_may_say_goodbye()
    {
        var spec = await fixture.StartAsync();
        var key = await fixture.SshAsync(spec, "cat /etc/ssh/ssh_host_ed25519_key.pub");
        await fixture.SshAsync(spec, "echo kept >note; tmux new-session -d 'trap \"echo bye >bye; exit\" TERM HUP; touch ready; while :; do sleep 0.1; done'; until [ -e ready ]; do sleep 0.05; done");

        await fixture.Fabric.StopAsync(spec.InstanceId, force: false, None);
        Assert.DoesNotContain(fixture.Exits, exit => exit.InstanceId == spec.InstanceId);
        // The public address is another one after a stop, as on EC2.
        spec = spec with { PublicAddress = fixture.Fabric.ReservePublicAddress(spec.PrivateAddress) };
        await fixture.Fabric.StartAsync(spec, None);
        await fixture.UntilSshAsync(spec);

        Assert.Equal("kept\nbye", await fixture.SshAsync(spec, "cat note bye"));
        Assert.Equal(key, await fixture.SshAsync(spec, "cat /etc/ssh/ssh_host_ed25519_key.pub"));
    }

    [ContainerFact]
    public async Task A_reboot_from_either_side_comes_back_by_itself()
    {
        var spec = await fixture.StartAsync();
        await fixture.SshAsync(spec, "echo kept >note; touch /run/user/gone || sudo touch /run/gone");

        await fixture.TrySshAsync(spec, "sudo reboot");
        await Deadline.UntilAsync(() => fixture.Fabric.ConsoleOutput(spec.InstanceId).Contains("reboot: Restarting system", StringComparison.Ordinal), "it restarts");
        await fixture.UntilSshAsync(spec);
        Assert.Equal("kept", await fixture.SshAsync(spec, "cat note; ls /run/gone 2>/dev/null || true"));

        await fixture.SshAsync(spec, "nohup sleep 1000 >/dev/null 2>&1 &");
        await fixture.Fabric.RebootAsync(spec.InstanceId, None);
        await Deadline.UntilAsync(async () => (await fixture.TrySshAsync(spec, "! pgrep -x sleep -a | grep 1000")).Code == 0, "the old processes are gone");
        Assert.DoesNotContain(fixture.Exits, exit => exit.InstanceId == spec.InstanceId);
    }

    [ContainerFact]
    public async Task A_killed_host_is_told_and_its_disk_starts_again()
    {
        var spec = await fixture.StartAsync();
        await fixture.SshAsync(spec, "echo written >note; sync");

        await fixture.Fabric.KillAsync(spec.InstanceId, None);
        await Deadline.UntilAsync(() => fixture.Exits.Contains(new HostExit(spec.InstanceId, HostExitReason.Killed)), "the exit is told");
        await fixture.Fabric.StartAsync(spec, None);
        await fixture.UntilSshAsync(spec);

        Assert.Equal("written", await fixture.SshAsync(spec, "cat note"));
    }

    [ContainerFact]
    public async Task A_frozen_root_starts_new_hosts_with_its_files_and_a_key_of_their_own()
    {
        var first = await fixture.StartAsync();
        await fixture.SshAsync(first, "echo one >layer1; sudo rm /etc/motd /etc/issue; sudo mkdir /opt/tool; sync");
        await fixture.Fabric.CreateSnapshotAsync("snap-1", first.RootVolumeId, null, None);

        var second = await fixture.StartAsync(rootSnapshotId: "snap-1");
        Assert.Equal("one\nno issue\n/opt/tool", await fixture.SshAsync(second, "cat layer1; ls /etc/issue 2>/dev/null || echo no issue; ls -d /opt/tool"));
        Assert.NotEqual(
            await fixture.SshAsync(first, "cat /etc/ssh/ssh_host_ed25519_key.pub"),
            await fixture.SshAsync(second, "cat /etc/ssh/ssh_host_ed25519_key.pub"));

        await fixture.SshAsync(second, "echo two >layer2; sudo rm -r /opt/tool; sudo mkdir /opt/tool; sync");
        await fixture.Fabric.CreateSnapshotAsync("snap-2", second.RootVolumeId, null, None);
        await fixture.Fabric.DestroyAsync(second.InstanceId, None);
        await fixture.Fabric.DeleteSnapshotAsync("snap-1", None);
        var third = await fixture.StartAsync(rootSnapshotId: "snap-2");
        Assert.Equal("one\ntwo", await fixture.SshAsync(third, "cat layer1 layer2"));

        await fixture.Fabric.DestroyAsync(third.InstanceId, None);
        await fixture.Fabric.DeleteSnapshotAsync("snap-2", None);
        Assert.Empty(Directory.GetDirectories(Path.Combine(fixture.StateFolder, "layers")));
    }

    [ContainerFact]
    public async Task A_host_can_fill_its_own_disk_and_still_be_entered()
    {
        var spec = await fixture.StartAsync();

        Assert.Contains("No space left on device", await fixture.SshAsync(spec, "fallocate -l 20G big 2>&1 || true"), StringComparison.Ordinal);
        Assert.Contains("No space left on device", await fixture.SshAsync(spec, "head -c 20M /dev/zero 2>&1 >more || true"), StringComparison.Ordinal);
        await fixture.SshAsync(spec, "rm -f big more && cp /bin/bash .");
    }

    [ContainerFact]
    public async Task Doing_it_twice_does_no_harm()
    {
        var clock = Stopwatch.StartNew();
        var spec = await fixture.StartAsync();
        await fixture.Fabric.StartAsync(spec, None);
        await fixture.Fabric.PrepareAsync(null, None);
        await Task.WhenAll(fixture.Fabric.StopAsync(spec.InstanceId, true, None), fixture.Fabric.StopAsync(spec.InstanceId, true, None));
        await Task.WhenAll(fixture.Fabric.DestroyAsync(spec.InstanceId, None), fixture.Fabric.DestroyAsync(spec.InstanceId, None));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), clock.Elapsed.ToString());
    }
}
