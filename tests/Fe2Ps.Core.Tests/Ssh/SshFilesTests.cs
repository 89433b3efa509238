using System.Runtime.Versioning;
using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

[SupportedOSPlatform("linux")]
public sealed class SshFilesTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    private static readonly string[] OddNames =
        ["plain.txt", "two words.txt", "it's \"quoted\" $HOME `id`.txt", "new\nline.txt", "한국어 이름.txt", "-rf", "*?[a]", "back\\slash", "colon:name"];

    [SshdTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OddNamesSurviveTheWayThereAndBack(bool rsync)
    {
        var name = rsync ? "rsync" : "tar";
        await using var connector = new SshConnector(ssh.Options() with { UseRsync = rsync });
        await using var session = await connector.OpenAsync(ssh.Target);
        var source = Path.Combine(ssh.Folder("src-" + name), "a 'folder' 폴더");
        Directory.CreateDirectory(Path.Combine(source, "empty"));
        foreach (var odd in OddNames)
            await File.WriteAllTextAsync(Path.Combine(source, odd), odd);
        File.SetUnixFileMode(Path.Combine(source, "plain.txt"), (UnixFileMode)0b111_101_000);
        File.CreateSymbolicLink(Path.Combine(source, "link"), "plain.txt");

        await session.SendAsync([source, Path.Combine(source, "-rf")], $"there {name}/$x 곳");
        var there = Path.Combine(ssh.Host.Home, $"there {name}/$x 곳");
        Assert.Equal("-rf", await File.ReadAllTextAsync(Path.Combine(there, "-rf")));
        AssertEqualTrees(source, Path.Combine(there, Path.GetFileName(source)));

        var back = ssh.Folder("back-" + name);
        await session.ReceiveAsync($"there {name}/$x 곳/{Path.GetFileName(source)}", back);
        AssertEqualTrees(source, back);
        Assert.Equal("plain.txt", new FileInfo(Path.Combine(back, "link")).LinkTarget);
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(Path.Combine(back, "plain.txt")));
    }

    [SshdTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACutTransferIsAnErrorAndTheNextOneFinishesIt(bool rsync)
    {
        await using var connector = new SshConnector(ssh.Options() with { UseRsync = rsync });
        await using var session = await connector.OpenAsync(ssh.Target);
        var folder = ssh.Folder("cut-" + rsync);
        var file = Path.Combine(folder, "big.bin");
        var bytes = new byte[200_000_000];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(file, bytes);

        var there = Path.Combine(ssh.Host.Home, "cut-" + rsync);
        var sending = session.SendAsync([file], "cut-" + rsync);
        await Until.TrueAsync(
            () => Directory.Exists(there) && new DirectoryInfo(there).EnumerateFiles("*", new EnumerationOptions { AttributesToSkip = 0 }).Any(f => f.Length > 1_000_000),
            "some of the file has arrived");
        ssh.Host.CutConnections();
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => sending);
        Assert.Equal(Fe2ErrorKind.Connection, error.Kind);

        await session.SendAsync([file], "cut-" + rsync);
        Assert.True((await File.ReadAllBytesAsync(Path.Combine(there, "big.bin"))).AsSpan().SequenceEqual(bytes));
    }

    [SshdFact]
    public async Task WithoutRsyncOnlyWhatDiffersIsFetchedAgain()
    {
        await using var connector = new SshConnector(ssh.Options() with { UseRsync = false });
        await using var session = await connector.OpenAsync(ssh.Target);
        await session.RunAsync("mkdir -p ~/again; echo 1 > ~/again/one; echo 2 > ~/again/two");
        var here = ssh.Folder("again");
        var fetched = new List<string>();
        var report = new Collect(fetched);
        await session.ReceiveAsync("again", here, report);
        Assert.Equal(2, fetched.Count);
        fetched.Clear();
        await session.RunAsync("echo more >> ~/again/two");
        await session.ReceiveAsync("again", here, report);
        Assert.Equal(["./two"], fetched);
        Assert.Equal("2\nmore\n", await File.ReadAllTextAsync(Path.Combine(here, "two")));
    }

    [SshdFact]
    public async Task AMissingLocalFileIsNamedBeforeAnythingIsSent()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => session.SendAsync(["/no/such/file"], "never"));
        Assert.Equal("FileNotFound", error.Id);
        Assert.False(Directory.Exists(Path.Combine(ssh.Host.Home, "never")));
    }

    private static void AssertEqualTrees(string expected, string actual)
    {
        Assert.Equal(Tree(expected), Tree(actual));
    }

    private static string Tree(string root) => string.Join('\n', Directory
        .EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(path => path[root.Length..] + (Directory.Exists(path) ? "/" : "=" + Convert.ToHexString(Encoding.UTF8.GetBytes(File.ReadAllText(path))))));

    private sealed class Collect(List<string> names) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value) => names.Add(((ProgressReport)value).Status);
    }
}
