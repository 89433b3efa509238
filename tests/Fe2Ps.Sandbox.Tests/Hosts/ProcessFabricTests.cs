using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>Hosts as plain processes. Without isolation they need an account of the machine; root is one that is always there.</summary>
public sealed class ProcessFabricTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly string _folder = Directory.CreateTempSubdirectory("hosts-tests-").FullName;
    private readonly ConcurrentQueue<HostExit> _exits = [];
    private ProcessFabric? _fabric;

    private Login Login => new(_folder);

    public Task InitializeAsync() => ProcessFabric.IsSupported(out _) ? Login.MakeKeyAsync() : Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_fabric is not null)
            await _fabric.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [ProcessTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_host_has_a_home_and_a_key_of_its_own_and_keeps_them(bool isolated)
    {
        var (fabric, first) = await StartAsync(isolated);
        var second = await StartOneAsync(fabric, isolated, 2);
        await Login.RunAsync(first, "echo one >note; tmux new-session -d 'echo from tmux >tmux-note; sleep 1000'");

        Assert.NotEqual(first.PublicAddress, second.PublicAddress);
        Assert.Equal("none", await Login.RunAsync(second, "cd; cat note 2>/dev/null || echo none"));
        Assert.Equal("no server", await Login.RunAsync(second, "tmux ls >/dev/null 2>&1 || echo no server"));
        var key = await ScanAsync(first);
        Assert.Contains(key, fabric.ConsoleOutput(first.InstanceId), StringComparison.Ordinal);

        await fabric.StopAsync(first.InstanceId, force: false, None);
        Assert.NotEqual(0, (await Login.TryAsync(first, "true")).Code);
        await fabric.StartAsync(first, None);
        await Login.UntilWorksAsync(first);
        Assert.Equal("one\nfrom tmux\nno server", await Login.RunAsync(first, "cat note tmux-note; tmux ls >/dev/null 2>&1 || echo no server"));
        Assert.Equal(key, await ScanAsync(first));

        await fabric.CreateSnapshotAsync("snap-1", first.RootVolumeId, null, None);
        var third = await StartOneAsync(fabric, isolated, 3, "snap-1");
        Assert.Equal("one", await Login.RunAsync(third, "cat note"));
        Assert.Empty(_exits);
    }

    [ProcessTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Shutting_down_inside_ends_the_host_and_never_the_machine(bool isolated)
    {
        var (fabric, spec) = await StartAsync(isolated);

        // Before anything is shut down: whatever these names lead to must be the host's own.
        if (isolated)
            await Login.RunAsync(spec, "for n in shutdown poweroff halt reboot systemctl; do for f in /usr/sbin/$n /usr/bin/$n; do [ ! -e $f ] || cmp -s $f ${PATH%%:*}/power || exit 9; done; done");
        Assert.Equal("mine", await Login.RunAsync(spec, "[ \"$(command -v shutdown)\" = \"${PATH%%:*}/shutdown\" ] && echo mine"));
        await Login.RunAsync(spec, "echo kept >note");
        await Login.TryAsync(spec, "sudo reboot");
        await Deadline.UntilAsync(() => fabric.ConsoleOutput(spec.InstanceId).Contains("reboot: Restarting", StringComparison.Ordinal), "it restarts");
        await Login.UntilWorksAsync(spec);
        Assert.Equal("kept", await Login.RunAsync(spec, "cat note"));
        await Login.RunAsync(spec, "nohup sudo shutdown -h now >/dev/null 2>&1 &");

        await Deadline.UntilAsync(() => _exits.Contains(new HostExit(spec.InstanceId, HostExitReason.Shutdown)), "the exit is told");
        await fabric.StartAsync(spec, None);
        await Login.UntilWorksAsync(spec);
        await fabric.KillAsync(spec.InstanceId, None);
        await Deadline.UntilAsync(() => _exits.Contains(new HostExit(spec.InstanceId, HostExitReason.Killed)), "the exit is told");
    }

    [ProcessTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task User_data_acts_on_the_host_alone(bool isolated)
    {
        var (fabric, spec) = await StartAsync(isolated, "#!/bin/sh\necho \"user data by $(id -un) in $(hostname)\"; touch /tmp/fe2-user-data-was-here");

        await Deadline.UntilAsync(() => fabric.ConsoleOutput(spec.InstanceId).Contains("Cloud-init finished", StringComparison.Ordinal), "boot is done");
        Assert.Contains(isolated ? "user data by root in " + spec.HostName : "user data: ignored", fabric.ConsoleOutput(spec.InstanceId), StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/fe2-user-data-was-here"));
        Assert.NotEmpty(fabric.Limits);
    }

    [ProcessTheory]
    [InlineData(true)]
    public async Task In_isolation_home_folders_of_the_machine_are_hidden_and_sudo_works(bool isolated)
    {
        var (_, spec) = await StartAsync(isolated);

        Assert.Equal("ubuntu", await Login.RunAsync(spec, "ls /home; ls -A /root /tmp | grep -v -e ^/ -e tmux -e '^$' || true"));
        Assert.Equal(ProcessSupport.HasSudo(true) ? "0" : "1000", await Login.RunAsync(spec, "sudo id -u"));
    }

    [ProcessTheory]
    [InlineData(true)]
    public async Task A_cut_host_hangs_until_it_is_joined_again(bool isolated)
    {
        var (fabric, spec) = await StartAsync(isolated);

        await fabric.SetNetworkAsync(spec.InstanceId, connected: false, None);
        Assert.NotEqual(0, (await Login.TryAsync(spec, "true")).Code);
        await fabric.SetNetworkAsync(spec.InstanceId, connected: true, None);
        await Login.UntilWorksAsync(spec);
    }

    private async Task<(ProcessFabric Fabric, HostSpec First)> StartAsync(bool isolated, string? userData = null)
    {
        _fabric = new ProcessFabric(Path.Combine(_folder, "state"), temporary: true, isolated);
        // The folder of a test is closed to other accounts, and without isolation a host's home is within it.
        UnixFiles.MakeFolder(_folder, UnixFiles.PassThrough);
        _fabric.Exited += _exits.Enqueue;
        await _fabric.PrepareAsync(null, None);
        return (_fabric, await StartOneAsync(_fabric, isolated, 1, null, userData));
    }

    private async Task<HostSpec> StartOneAsync(ProcessFabric fabric, bool isolated, int number, string? snapshotId = null, string? userData = null)
    {
        var address = fabric.ReservePrivateAddress(IPNetwork.Parse("172.31.0.0/20"));
        var spec = new HostSpec(
            $"i-{number}", $"ip-{number}", address, fabric.ReservePublicAddress(address), $"vol-{number}", 8, snapshotId, isolated ? "ubuntu" : "root",
            [Login.PublicKey], userData is null ? null : Encoding.UTF8.GetBytes(userData));
        await fabric.StartAsync(spec, None);
        await Login.UntilWorksAsync(spec);
        return spec;
    }

    private static async Task<string> ScanAsync(HostSpec spec)
    {
        var presented = await Commands.RunAsync("ssh-keyscan", ["-t", "ed25519", spec.PublicAddress!.ToString()], None);
        return (await Commands.RunAsync("ssh-keygen", ["-l", "-f", "-"], None, presented)).Split(' ')[1];
    }
}
