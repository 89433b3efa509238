using System.Runtime.Versioning;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

[SupportedOSPlatform("linux")]
public sealed class HostKeyTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    [SshdFact]
    public async Task FirstContactPinsTheKeyThatTheHostReallyHas()
    {
        await using var connector = new SshConnector(ssh.Options() with { Folder = ssh.Folder("first") });
        var fingerprint = await connector.WaitUntilReadyAsync(ssh.Target, TimeSpan.FromSeconds(20));
        Assert.Equal(ssh.Host.Fingerprint, fingerprint);
        Assert.Equal(fingerprint, connector.KnownHosts.Find(ssh.Target.InstanceId)!.Fingerprint);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(connector.KnownHosts.FilePath));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(connector.Options.Folder));
    }

    [SshdFact]
    public async Task AnotherComputerBelievesTheTagAndNothingElse()
    {
        await using var right = new SshConnector(ssh.Options() with { Folder = ssh.Folder("other-right") });
        await using var session = await right.OpenAsync(ssh.Target with { HostKey = ssh.Host.Fingerprint });
        Assert.Equal(0, (await session.RunAsync("true")).ExitCode);

        await using var wrong = new SshConnector(ssh.Options() with { Folder = ssh.Folder("other-wrong") });
        var tag = "SHA256:" + new string('A', 43);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => wrong.OpenAsync(ssh.Target with { HostKey = tag }));
        Assert.Equal("HostKeyChanged", error.Id);
        Assert.Contains(tag, error.Message);
        Assert.Contains(ssh.Host.Fingerprint, error.Message);
        Assert.Null(wrong.KnownHosts.Find(ssh.Target.InstanceId));
    }

    [SshdFact]
    public async Task AHostWithAnotherKeyIsRefusedWithBothFingerprints()
    {
        await using var stranger = await SshdHost.StartAsync("stranger", ssh.Target.KeyFile);
        await using var connector = new SshConnector(ssh.Options() with { Folder = ssh.Folder("changed") });
        await using (var session = await connector.OpenAsync(ssh.Target))
            await session.RunAsync("true");

        // The same instance id, but its address now leads to somebody else.
        var moved = ssh.Target with { Port = stranger.Port };
        await using var wrong = await connector.OpenAsync(moved);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => wrong.RunAsync("touch ~/was-here"));
        Assert.Equal("HostKeyChanged", error.Id);
        Assert.Contains(ssh.Host.Fingerprint, error.Message);
        Assert.Contains(stranger.Fingerprint, error.Message);
        Assert.False(File.Exists(Path.Combine(stranger.Home, "was-here")));

        var waited = await Assert.ThrowsAsync<Fe2Exception>(() => connector.WaitUntilReadyAsync(moved, TimeSpan.FromSeconds(20)));
        Assert.Equal("HostKeyChanged", waited.Id);

        await connector.ForgetAsync(ssh.Target.InstanceId);
        Assert.Equal(stranger.Fingerprint, await connector.WaitUntilReadyAsync(moved, TimeSpan.FromSeconds(20)));
    }

    [SshdFact]
    public async Task ManyFirstContactsAtOncePinOneLine()
    {
        await using var connector = new SshConnector(ssh.Options() with { Folder = ssh.Folder("many") });
        var sessions = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => connector.OpenAsync(ssh.Target)));
        Assert.Equal(6, sessions.Length);
        Assert.Single(await File.ReadAllLinesAsync(connector.KnownHosts.FilePath));
    }

    [SshdFact]
    public async Task AWrongLoginKeyIsToldApartFromAnythingElse()
    {
        var key = Path.Combine(ssh.Folder("keys"), "wrong");
        SshdHost.Tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
        await using var session = await ssh.Connector.OpenAsync(ssh.Target with { KeyFile = key });
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => session.RunAsync("true"));
        Assert.Equal("SshKeyRefused", error.Id);
        Assert.Equal(Fe2ErrorKind.Security, error.Kind);
        Assert.Contains(key, error.Message);
    }

    [SshdFact]
    public async Task NobodyAtThePortIsReportedInTime()
    {
        var error = await Assert.ThrowsAsync<Fe2Exception>(
            () => ssh.Connector.WaitUntilReadyAsync(ssh.Target with { InstanceId = "i-nobody", Port = 1 }, TimeSpan.FromSeconds(2)));
        Assert.Equal("SshNotReady", error.Id);
        Assert.Equal(Fe2ErrorKind.Timeout, error.Kind);
    }
}
