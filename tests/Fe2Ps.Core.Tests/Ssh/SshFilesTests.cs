using System.Formats.Tar;
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
    public async Task AResultThatWasWrittenAgainAtOnceIsFetchedAgain()
    {
        await using var connector = new SshConnector(ssh.Options() with { UseRsync = false });
        await using var session = await connector.OpenAsync(ssh.Target);
        var here = ssh.Folder("at-once");
        await session.RunAsync("mkdir -p ~/at-once; echo 1 > ~/at-once/result; touch -d '2026-01-02 03:04:05.200' ~/at-once/result");
        await session.ReceiveAsync("at-once", here);
        await session.RunAsync("echo 2 > ~/at-once/result; touch -d '2026-01-02 03:04:05.300' ~/at-once/result");
        await session.ReceiveAsync("at-once", here);
        Assert.Equal("2\n", await File.ReadAllTextAsync(Path.Combine(here, "result")));
    }

    [SshdFact]
    public async Task NothingIsWrittenThroughALinkOfTheArchiveOrOneThatWasHere()
    {
        await using var connector = new SshConnector(ssh.Options() with { UseRsync = false });
        await using var session = await connector.OpenAsync(ssh.Target);
        var outside = ssh.Folder("outside");
        var here = Path.Combine(ssh.Folder("inside"), "results");
        Directory.CreateDirectory(here);
        // a/up leads to the folder itself, so every link is inside by its text alone; together they lead out.
        var archive = Path.Combine(ssh.Host.Home, "evil.tar");
        await using (var tar = new TarWriter(File.Create(archive)))
        {
            Add(TarEntryType.Directory, "./a", null);
            Add(TarEntryType.Directory, "./a/b", null);
            Add(TarEntryType.SymbolicLink, "./x", "a/b");
            Add(TarEntryType.SymbolicLink, "./x/y", "../..");
            Add(TarEntryType.SymbolicLink, "./a/b/z", "../../x/../..");
            Add(TarEntryType.RegularFile, "./a/b/z/../outside-by-archive", null);
            Add(TarEntryType.RegularFile, "./x/through", null);
            Add(TarEntryType.RegularFile, "./mine/through", null);
            Add(TarEntryType.RegularFile, "./good", null);

            void Add(TarEntryType type, string name, string? link)
            {
                var entry = new PaxTarEntry(type, name);
                if (link is not null)
                    entry.LinkName = link;
                else if (type == TarEntryType.RegularFile)
                    entry.DataStream = new MemoryStream("bad"u8.ToArray());
                tar.WriteEntry(entry);
            }
        }

        Directory.CreateSymbolicLink(Path.Combine(here, "mine"), outside);
        // A machine in somebody else's hands: its tar sends what it likes.
        var fake = Path.Combine(ssh.Host.Bin, "tar");
        await File.WriteAllTextAsync(fake, $"#!/bin/sh\ncat > /dev/null; cat '{archive}'\n");
        File.SetUnixFileMode(fake, (UnixFileMode)0b111_101_101);
        try
        {
            await session.RunAsync("mkdir -p ~/evil; echo x > ~/evil/x");
            await session.ReceiveAsync("evil", here);
        }
        finally
        {
            File.Delete(fake);
        }

        Assert.Equal("bad", await File.ReadAllTextAsync(Path.Combine(here, "good")));
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Assert.False(File.Exists(Path.Combine(here, "a/b/through")));
        Assert.Equal(["results"], Directory.GetFileSystemEntries(Path.GetDirectoryName(here)!).Select(Path.GetFileName));
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
