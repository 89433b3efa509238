using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.FileSystems;

/// <summary>
/// Shared file systems on real machines. The sandbox serves no NFS, and few kernels of test machines know it: a stand-in of the mount helper
/// on the machines shows how it is called. The tunnel is the real stunnel where this computer has one.
/// </summary>
public sealed class FileSystemTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    private const string Stunnel = "/usr/bin/stunnel4";

    private const string Helper = """
        printf '#!/bin/sh\numask 022\necho "$*" >> /var/tmp/mounted\nmkdir -p /srv/efs\nexec mount --bind /srv/efs "$2"\n' | sudo tee /sbin/mount.nfs4 >/dev/null && sudo chmod 755 /sbin/mount.nfs4
        """;

    private const string Tunnel = """
        printf '#!/bin/sh\npid=$(sed -n "s/^pid = //p" "$1")\nsetsid tail -f "$1" >/dev/null 2>&1 &\necho $! > "$pid"\n' | sudo tee /usr/bin/stunnel >/dev/null && sudo chmod 755 /usr/bin/stunnel && sudo mkdir -p /etc/ssl/certs && sudo touch /etc/ssl/certs/ca-certificates.crt
        """;

    private FileSystemMounter Mounter => new(cloud.Session, cloud.Connector);

    private FileSystemQuery Query => new(cloud.Session);

    [HostedFact]
    public async Task OneFolderIsMountedOnTwoMachinesThroughTunnelsAndGoesWithAllThatWasMadeForIt()
    {
        await cloud.LaunchAsync("efs-1");
        await cloud.LaunchAsync("efs-2");
        Instance[] machines = [await InstanceAsync("efs-1"), await InstanceAsync("efs-2")];
        foreach (Instance machine in machines)
        {
            await OnAsync(machine, Helper);
            await OnAsync(machine, Tunnel);
        }

        FileSystemDescription made = (await Mounter.MountAsync("shared", machines)).FileSystem;
        Assert.Equal(("shared", true, "available"), (made.Name, made.Encrypted, FileSystemFacts.StateOf(made)));
        Assert.Contains(made.Tags, t => t.Key == TagNames.Owner);
        List<MountTargetDescription> targets = await new FileSystemMaker(cloud.Session).TargetsAsync(made.FileSystemId, default);
        Assert.Equal(["us-east-2a", "us-east-2b", "us-east-2c"], targets.Select(t => t.AvailabilityZoneName).Order());

        // NFS comes in from the machines' own security group and from nowhere else.
        string group = Assert.Single(await new FileSystemMaker(cloud.Session).GroupsAsync(made.FileSystemId, null, default));
        IpPermission rule = Assert.Single((await cloud.Session.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [group] })).SecurityGroups.Single().IpPermissions);
        Assert.Equal(("tcp", 2049, 2049, 0), (rule.IpProtocol, rule.FromPort, rule.ToPort, rule.Ipv4Ranges.Count));
        Assert.Equal(machines[0].SecurityGroups.Single().GroupId, Assert.Single(rule.UserIdGroupPairs).GroupId);

        foreach (Instance machine in machines)
        {
            string address = targets.Single(t => t.AvailabilityZoneName == machine.Placement.AvailabilityZone).IpAddress;
            string port = FileSystemMounter.PortOf(made.FileSystemId);
            string call = await OnAsync(machine, "cat /var/tmp/mounted");
            Assert.StartsWith("127.0.0.1:/ /mnt/shared ", call, StringComparison.Ordinal);
            foreach (string option in new[] { "nfsvers=4.1", "hard", "noresvport", $"port={port}" })
                Assert.Contains(option, call, StringComparison.Ordinal);
            string settings = await OnAsync(machine, $"sudo cat /var/lib/fe2/efs/{made.FileSystemId}.conf");
            Assert.Contains($"connect = {address}:2049", settings, StringComparison.Ordinal);
            Assert.Contains($"checkHost = {made.FileSystemId}.efs.us-east-2.amazonaws.com", settings, StringComparison.Ordinal);
            Assert.Contains("verifyChain = yes", settings, StringComparison.Ordinal);
            Assert.Contains($"accept = 127.0.0.1:{port}", settings, StringComparison.Ordinal);
            Assert.Equal("written", await OnAsync(machine, "echo written > /mnt/shared/file && cat /mnt/shared/file"));
        }

        // Again is once; another folder's place is not taken.
        await Mounter.MountAsync("shared", machines);
        Assert.Single((await Query.ListAsync(["shared"])).FileSystems);
        Assert.Equal("1", await OnAsync(machines[0], "wc -l < /var/tmp/mounted"));
        await OnAsync(machines[0], "sudo mkdir -p /mnt/taken && sudo mount -t tmpfs none /mnt/taken");
        Assert.Equal(["MountPointTaken", "MountedElsewhere"], (await Mounter.MountAsync("shared", machines, "/mnt/taken")).Problems.Select(p => p.Id));

        Assert.Equal(2, (await Mounter.DismountAsync(made, machines)).Machines.Count);
        foreach (Instance machine in machines)
            Assert.Equal("gone", await OnAsync(machine, "mountpoint -q /mnt/shared || pgrep -f '[t]ail -f' || sudo ls /var/lib/fe2/efs/*.conf 2>/dev/null || echo gone"));
        await new FileSystemRemoval(cloud.Session).RemoveAsync(made);
        Assert.Empty((await Query.ListAsync([])).FileSystems);
        Assert.Empty(await new FileSystemMaker(cloud.Session).GroupsAsync(made.FileSystemId, null, default));
    }

    [HostedFact]
    public async Task APersistentOneComesBackWithItsTunnelAtEachStartUntilItIsDismounted()
    {
        await cloud.LaunchAsync("efs-3");
        Instance machine = await InstanceAsync("efs-3");
        await OnAsync(machine, Helper);
        await OnAsync(machine, Tunnel);
        FileSystemDescription made = (await Mounter.MountAsync("kept", [machine])).FileSystem;
        await OnAsync(machine, "echo written > /mnt/kept/file; test ! -e /var/lib/cloud/scripts/per-boot/fe2-efs");
        await Mounter.MountAsync("kept", [machine], persist: true);
        Assert.Equal("1", await OnAsync(machine, "wc -l < /var/tmp/mounted"));

        // What is left of the number of the tunnel is another program's by then.
        await OnAsync(machine, $"pkill -f '[t]ail -f'; echo 1 | sudo tee /var/lib/fe2/efs/{made.FileSystemId}.pid");
        await new InstanceActions(cloud.Session).StopAsync([machine]);
        await new InstanceWaiter(cloud.Session).WaitAsync([machine], "stopped", TimeSpan.FromSeconds(60));
        await cloud.Session.Ec2.StartInstancesAsync(new StartInstancesRequest { InstanceIds = [machine.InstanceId] });
        await new InstanceWaiter(cloud.Session).WaitAsync([machine], "running", TimeSpan.FromSeconds(60));
        machine = await InstanceAsync("efs-3");
        await Until.TrueAsync(
            () => TryAsync(machine, "[ $(wc -l < /var/tmp/mounted) = 2 ] && cat /mnt/kept/file && pgrep -f '[t]ail -f'"),
            "it is mounted again, through a new tunnel", 120);

        Assert.Single((await Mounter.DismountAsync(made, [machine])).Machines);
        Assert.Equal("gone", await OnAsync(machine, "sudo ls /var/lib/fe2/efs/*.boot /var/lib/cloud/scripts/per-boot/fe2-efs 2>/dev/null || echo gone"));
        await new FileSystemRemoval(cloud.Session).RemoveAsync(made);
    }

    [StunnelFact]
    public async Task TheRealStunnelTakesTheSettingsAndListens()
    {
        await cloud.LaunchAsync("tunnelled");
        Instance machine = await InstanceAsync("tunnelled");
        await OnAsync(machine, Helper);
        await using (ISshSession ssh = await SshAsync(machine))
        {
            string[] libraries = [.. Directory.GetFiles("/lib/x86_64-linux-gnu", "libwrap.so.0*"), .. Directory.GetFiles("/lib/x86_64-linux-gnu", "libnsl.so.2*"), .. Directory.GetFiles("/lib/x86_64-linux-gnu", "libtirpc.so.3*")];
            await ssh.SendAsync([Stunnel, .. libraries], "real");
        }

        await OnAsync(machine, "sudo cp -a real/lib* /lib/x86_64-linux-gnu/ && sudo cp real/stunnel4 /usr/bin/ && sudo mkdir -p /etc/ssl/certs && { [ -s /etc/ssl/certs/ca-certificates.crt ] || sudo touch /etc/ssl/certs/ca-certificates.crt; }");
        await using (ISshSession ssh = await SshAsync(machine))
        {
            // An authority, so that the list is none without one.
            await ssh.RunAsync("sudo tee /etc/ssl/certs/ca-certificates.crt >/dev/null", File.OpenRead("/etc/ssl/certs/ca-certificates.crt"));
        }

        FileSystemDescription made = (await Mounter.MountAsync("tunnel", [machine], "/mnt/t")).FileSystem;
        string port = FileSystemMounter.PortOf(made.FileSystemId);
        Assert.Equal("listens", await OnAsync(machine, $"if pgrep stunnel >/dev/null && timeout 5 bash -c '</dev/tcp/127.0.0.1/{port}'; then echo listens; else pgrep -a stunnel; sudo cat /var/lib/fe2/efs/*.log; fi"));
        await Mounter.DismountAsync(made, [machine]);
        await new FileSystemRemoval(cloud.Session).RemoveAsync(made);
    }

    [HostedFact]
    public async Task WhatIsWrongIsSaidBeforeAnythingIsMade()
    {
        Instance machine = await InstanceAsync("od1");
        async Task<string> IdAsync(string name, string? point = null) => (await Assert.ThrowsAsync<Fe2Exception>(() => Mounter.MountAsync(name, [machine], point))).Id;
        Assert.Equal("FileSystemNotFound", await IdAsync("fs-0123456789abcdef0"));
        Assert.Equal("NameInvalid", await IdAsync("a*"));
        Assert.Equal("MountPointInvalid", await IdAsync("x", "relative"));
        Assert.Equal("MountPointInvalid", await IdAsync("x", "/"));
        Assert.DoesNotContain((await Query.ListAsync([])).FileSystems, f => f.Name is "x" or "a*");
    }

    private Task<Instance> InstanceAsync(string name) => new InstanceQuery(cloud.Session).GetAsync(name);

    private async Task<ISshSession> SshAsync(Instance machine) => await cloud.Connector.OpenAsync(await new InstanceTargets(cloud.Session).ForAsync(machine));

    // A machine that restarts refuses connections, and breaks those that there are.
    private async Task<bool> TryAsync(Instance machine, string command)
    {
        try
        {
            await using ISshSession ssh = await SshAsync(machine);
            return (await ssh.RunAsync(command)).ExitCode == 0;
        }
        catch (Exception e) when (e is Fe2Exception or IOException)
        {
            return false;
        }
    }

    private async Task<string> OnAsync(Instance machine, string command)
    {
        await using ISshSession ssh = await SshAsync(machine);
        SshResult result = await ssh.RunAsync(command);
        Assert.True(result.ExitCode == 0, $"{command}: {result.ExitCode}: {result.OutputText}{result.ErrorText}");
        return result.OutputText.Trim();
    }

    /// <summary>Skipped by name where this machine has no stunnel to lend.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class StunnelFactAttribute : FactAttribute
    {
        public StunnelFactAttribute() => Skip = new HostedFactAttribute().Skip ?? (File.Exists(Stunnel) ? null : $"{Stunnel} is not here");
    }
}
