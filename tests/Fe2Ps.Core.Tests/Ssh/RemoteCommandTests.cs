using System.Runtime.Versioning;
using System.Text;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

[SupportedOSPlatform("linux")]
public sealed class RemoteCommandTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    [SshdFact]
    public async Task AScriptFileThatIsCutLeavesNothing()
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        string folder = ssh.Folder("tmp");
        string script = Path.Combine(ssh.Folder("scripts"), "loop.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\nwhile echo alive; do sleep 0.05; done\n");
        RemoteCommand command = RemoteCommand.FromFile(script, []);
        bool alive = false;
        Task<int> run = session.StreamAsync($"export TMPDIR={ShellQuote.Quote(folder)}; {command.Text}", _ => alive = true, command.OpenInput());
        await Until.TrueAsync(() => alive, "the script runs");
        Assert.NotEmpty(Directory.GetDirectories(folder));
        ssh.Host.CutConnections();
        Assert.Equal("ConnectionCut", (await Assert.ThrowsAsync<Fe2Exception>(() => run)).Id);
        await Until.TrueAsync(() => Directory.GetFileSystemEntries(folder).Length == 0, "the script's folder is gone");
    }

    [SshdFact]
    public async Task AScriptThatDoesNotArriveWholeDoesNotRun()
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        string script = Path.Combine(ssh.Folder("scripts"), "half.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho ran\n# the rest\n");
        byte[] half = (await File.ReadAllBytesAsync(script))[..20];
        SshResult result = await session.RunAsync(RemoteCommand.FromFile(script, []).Text, new MemoryStream(half));
        Assert.Equal((74, ""), (result.ExitCode, result.OutputText));
        Assert.Contains("did not arrive whole", result.ErrorText, StringComparison.Ordinal);
    }

    [SshdTheory]
    [InlineData(false, "1\n3\n", "2\n")]
    [InlineData(true, "1\n2\n3\n", "")]
    public async Task StandardErrorJoinsInTheOrderInWhichItWasWritten(bool merge, string output, string error)
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        RemoteCommand command = RemoteCommand.FromText("echo 1; echo 2 >&2; printf '%s\\n'", ["3"], merge);
        SshResult result = await session.RunAsync(command.Text);
        Assert.Equal((0, output, error), (result.ExitCode, result.OutputText, result.ErrorText));
    }

    [Fact]
    public void AScriptOfWindowsIsRefused()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, Encoding.ASCII.GetBytes("#!/bin/sh\r\necho\r\n"));
            Assert.Equal("ScriptInvalid", Assert.Throws<Fe2Exception>(() => RemoteCommand.FromFile(path, [])).Id);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
